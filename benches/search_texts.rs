//! Invented appeals by number, for tests and measurements of search: the same seed gives the same city.
//!
//! A text is a template (more than 5 000 of them: which clauses follow each other) with its blanks filled: streets and
//! event types of the shipped trees, made-up roads, estates, people, house numbers, hours. 80 to 300 characters.

use rexian::base::random::Random;
use rexian::ticket::likeness::normalise;

/// Templates.
pub(crate) const TEMPLATES: u64 = 6_000;

const OPENINGS: &[&str] = &[
    "您好，我是{estate}的业主{name}。",
    "我住在{street}{road}{no}号。",
    "我要反映一个问题，",
    "来电人{name}称，",
    "{road}与{road}交叉口附近，",
    "我是{estate}{no}号楼的居民，",
    "市民{name}来电反映，",
    "昨天{hour}点左右，",
    "从{month}月份开始，",
    "我在{road}开了一家小店，",
    "我父亲今年八十多岁，住在{street}，",
    "{street}{village}村的村民反映，",
    "孩子在{road}小学上学，",
    "本人于{month}月{day}日到窗口办事，",
    "我是外地来唐山打工的，叫{name}，",
    "我们{no}户居民联名反映，",
];
const SUBJECTS: &[&str] = &[
    "小区门口的路灯",
    "楼下饭店的油烟",
    "地下车库的电动车充电桩",
    "单元门口的垃圾桶",
    "人行道上的井盖",
    "隔壁工地的打桩机",
    "物业收取的停车费",
    "供热公司的暖气",
    "自来水管道",
    "楼顶违建的阳光房",
    "广场舞的音响",
    "路边的共享单车",
    "村里的变压器",
    "公交站牌和候车亭",
    "学校食堂的饭菜",
    "医院的挂号系统",
    "拖欠的农民工工资",
    "培训机构的课时费",
    "快递驿站的包裹",
    "宽带和有线电视",
    "小区的电梯",
    "河道里的污水",
    "化粪池",
    "绿化带的树木",
    "红绿灯的配时",
    "门前的排水沟",
    "燃气管道",
    "工厂排放的废气",
    "夜间渣土车",
    "农贸市场的摊位",
    "老旧小区改造工程",
    "公租房申请",
    "社保缴费记录",
    "残疾人补贴",
    "高龄津贴",
    "宅基地审批",
    "种粮补贴",
    "二手房过户",
    "装修公司的定金",
    "健身房的会员卡",
    "网购的家用电器",
    "出租车司机",
    "客运班车",
    "幼儿园的收费",
    "流浪犬只",
    "消防通道",
    "外墙保温层",
    "健身器材",
];
const STATES: &[&str] = &[
    "已经坏了{no}天没有人修",
    "一直没有人管理",
    "严重影响居民休息",
    "经常发生故障",
    "半夜{hour}点还在响",
    "长期占用公共通道",
    "价格突然上涨了{no}元",
    "至今没有到账",
    "存在很大的安全隐患",
    "多次投诉没有结果",
    "温度只有十几度",
    "又黄又浑还有异味",
    "把采光全部挡住了",
    "堵得水泄不通",
    "没有任何公示",
    "被私家车压坏了",
    "漏水漏到了楼下",
    "排队排了{no}个小时",
    "无缘无故被停用",
    "出现大面积脱落",
    "遇到下雨天就积水",
    "手续跑了{no}趟也没有办成",
    "工作人员态度恶劣",
    "说好的赔偿没有兑现",
    "承诺的期限早就过了",
    "被商贩占得满满的",
    "没有按照图纸施工",
    "收费标准和合同不一样",
    "设备老化无人更换",
    "气味刺鼻无法开窗",
];
const CONSEQUENCES: &[&str] = &[
    "老人摔伤住进了{road}医院",
    "孩子晚上不敢出门",
    "附近{no}户人家都睡不着觉",
    "车辆底盘被刮坏",
    "家里的墙皮全都泡了",
    "上班天天迟到",
    "做饭洗澡都成了问题",
    "店里的生意受到很大影响",
    "已经有{no}个人身体不舒服",
    "差一点引起火灾",
    "庄稼被淹了{no}亩",
    "一家人的生活费没有着落",
    "楼道里根本走不进去",
    "轮椅和婴儿车无法通行",
    "担心发生更大的事故",
    "夏天蚊蝇成群",
    "家长群里意见非常大",
    "被扣了信用分",
    "房子卖也卖不掉",
    "耽误了看病报销",
];
const RESPONSES: &[&str] = &[
    "找过社区，社区说归{street}办事处管",
    "物业公司电话一直打不通",
    "之前在{month}月拨打过热线，回复说正在协调",
    "施工单位说等通知",
    "负责的师傅姓{surname}，加了微信不回",
    "城管来了就走，走了又来",
    "窗口让回去再补材料",
    "老板{name}一直躲着不见",
    "供热站来人看过一次就没有下文",
    "几个部门互相推诿",
    "派出所做过笔录",
    "投诉到总公司也没有用",
    "村委会说没有经费",
    "开发商已经换了三家",
];
const DEMANDS: &[&str] = &[
    "希望有关部门尽快处理并给予答复",
    "要求退还{no}元费用",
    "请核实情况后依法查处",
    "希望{month}月底之前修好",
    "要求公开收费依据",
    "请安排人员到现场查看",
    "希望增设照明和警示标志",
    "要求恢复原状",
    "请告知办理流程和所需材料",
    "要求保密个人信息",
    "希望领导重视",
    "请联系本人{name}，白天{hour}点以后方便接听",
    "要求赔偿损失",
    "建议统一规划停车位",
];
const EXTRAS: &[&str] = &[
    "具体位置在{estate}{no}号楼{unit}单元楼下",
    "对面是{company}",
    "旁边就是{road}菜市场",
    "往北走{no}百米的{company}门口",
    "车牌尾号是{plate}",
    "合同编号为{plate}{no}",
    "当时有邻居{name}在场可以作证",
    "已经拍了照片和视频",
    "附近的{village}村也有同样的情况",
    "属于{topic}方面的问题",
    "同时涉及{topic}",
    "联系过{company}的{name}经理",
];
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志文斌玉梅红云凤玲淑珍春晓雪梦琪浩宇轩子涵欣怡博雅思远嘉诚俊熙雨泽天佑晨曦佳慧婷婉清瑶宁瑞祥福海波林森峰山川河源泉润洁莹璐瑾琳珊珂睿哲翰铭坤鹏飞翔鸿雁燕莺鹤松柏楠桐榕梓枫莲荷菊竹兴旺盛昌隆利贞元亨庆丰收成功业广德义仁礼智信忠孝";
const PLACES: &str = "金银龙凤翠碧阳光明华锦绣天和富景丽新世纪花园东西南北湖山水岸香榭溪谷橡树湾御墅苑庭府邸城堡尚品名都时代领秀观澜紫荆枫林梧桐海棠玉兰蔷薇茉莉桂雨荷风竹韵松涛柏岭石榴桃源杏坛梨园枣岗栗坡榆关槐荫柳堤杨庄白马青龙黑沿黄泥红旗蓝天绿洲长宁安康泰祥瑞吉庆丰裕隆盛昌茂荣达兴旺";

/// A city of invented appeals.
#[derive(Clone, Debug)]
pub(crate) struct City {
    seed: u64,
    streets: Vec<String>,
    topics: Vec<String>,
}

fn names(text: &str) -> Vec<String> {
    let parts = text.split("\"name\":").skip(1);
    parts
        .filter_map(|part| part.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

fn pick<'a>(list: &[&'a str], random: &mut Random) -> &'a str {
    list[usize::try_from(random.below(list.len() as u64)).unwrap()]
}

fn letters(pool: &str, count: u64, random: &mut Random) -> String {
    let pool: Vec<char> = pool.chars().collect();
    (0..count)
        .map(|_| pool[usize::try_from(random.below(pool.len() as u64)).unwrap()])
        .collect()
}

impl City {
    /// Takes the shipped streets and event types.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            streets: names(include_str!("../src/ticket/data/regions.json")),
            topics: names(include_str!("../src/ticket/data/categories.json")),
        }
    }

    /// The clauses of a template, blanks unfilled.
    pub(crate) fn template(&self, no: u64) -> String {
        let mut random = Random::from_number(self.seed ^ (no << 20));
        let random = &mut random;
        let mut text = pick(OPENINGS, random).to_owned();
        text.push_str(pick(SUBJECTS, random));
        text.push_str(pick(STATES, random));
        for _ in 0..=random.below(3) {
            text.push('，');
            text.push_str(pick(EXTRAS, random));
        }
        text.push('，');
        text.push_str(pick(CONSEQUENCES, random));
        text.push('。');
        for _ in 0..random.below(3) {
            text.push_str(pick(SUBJECTS, random));
            text.push_str(pick(STATES, random));
            text.push('，');
        }
        text.push_str(pick(RESPONSES, random));
        text.push('，');
        text.push_str(pick(EXTRAS, random));
        text.push('，');
        text.push_str(pick(DEMANDS, random));
        text.push('。');
        text
    }

    /// The text of the appeal with this number.
    pub(crate) fn text(&self, no: u64) -> String {
        let mut random = Random::from_number(self.seed.wrapping_mul(31).wrapping_add(no));
        // Some matters are frequent, most are rare.
        let (one, two) = (random.below(TEMPLATES), random.below(TEMPLATES));
        let template = self.template(one.min(two));
        let mut text = String::with_capacity(template.len() * 2);
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (blank, after) = after.split_once('}').unwrap();
            text.push_str(&self.fill(blank, &mut random));
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn fill(&self, blank: &str, random: &mut Random) -> String {
        match blank {
            "street" => {
                self.streets[usize::try_from(random.below(self.streets.len() as u64)).unwrap()].clone()
            }
            "topic" => self.topics[usize::try_from(random.below(self.topics.len() as u64)).unwrap()].clone(),
            "road" => letters(PLACES, 2, random) + pick(&["路", "道", "街", "大街", "里"], random),
            "estate" => {
                letters(PLACES, 3, random) + pick(&["小区", "花园", "家园", "新村", "公寓", "广场"], random)
            }
            "village" => {
                letters(SURNAMES, 1, random)
                    + &letters(PLACES, 1, random)
                    + pick(&["庄", "各庄", "营", "坨", "峪"], random)
            }
            "company" => {
                letters(GIVEN, 2, random)
                    + pick(
                        &[
                            "商贸公司",
                            "超市",
                            "药房",
                            "物业",
                            "汽修厂",
                            "餐馆",
                            "驾校",
                            "网吧",
                        ],
                        random,
                    )
            }
            "surname" => letters(SURNAMES, 1, random),
            "name" => {
                let length = 1 + random.below(2);
                letters(SURNAMES, 1, random) + &letters(GIVEN, length, random)
            }
            "plate" => random.hex(4).to_uppercase(),
            "hour" => (1 + random.below(23)).to_string(),
            "month" => (1 + random.below(12)).to_string(),
            "day" => (1 + random.below(28)).to_string(),
            "unit" => (1 + random.below(6)).to_string(),
            _ => (1 + random.below(99)).to_string(),
        }
    }

    /// A phrase of `length` characters that stands in an appeal below `appeals`.
    pub(crate) fn phrase(&self, appeals: u64, length: usize, random: &mut Random) -> String {
        let text: Vec<char> = normalise(&self.text(random.below(appeals))).chars().collect();
        let room = text.len().saturating_sub(length) as u64;
        let from = usize::try_from(random.below(room + 1)).unwrap();
        text[from..].iter().take(length).collect()
    }
}
