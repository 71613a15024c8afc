use super::*;
use crate::ticket::command::Text;

fn reply(basis: &str) -> FeedBack {
    FeedBack {
        process: Text::from("8月3日到现场核查"),
        basis: Text::from(basis),
        result: Text::from("已清运"),
        next_steps: Text::from("每日巡查"),
        public_reply: Text::default(),
        internal_note: Text::default(),
        solved: true,
        citations: Vec::new(),
        co_summary: Text::default(),
        unit_followup: Text::default(),
        files: Vec::new(),
    }
}

fn row(title: &str, number: &str, clause: &str) -> Citation {
    Citation {
        title: Text::from(title),
        number: Text::from(number),
        clause: Text::from(clause),
    }
}

fn warnings(reply: &FeedBack) -> Vec<String> {
    check(reply, &Reference::shipped().unwrap())
}

#[test]
fn ac_7_5_2_a_document_without_number_and_clause_is_warned_of() {
    let all = ["citation:clause", "citation:number"];
    assert_eq!(warnings(&reply("依据《唐山市城市市容管理办法》办理")), all);
    assert_eq!(
        warnings(&reply("依据《办法》（唐政发〔2020〕8号）办理")),
        ["citation:clause"]
    );
    assert_eq!(warnings(&reply("依据《办法》第十二条办理")), ["citation:number"]);
    for whole in [
        "依据《办法》（唐政发〔2020〕8号）第十二条办理",
        "依据《中华人民共和国劳动法》（主席令第二十八号）第五十条",
        "依据《条例》（国务院令第588号）第3条",
        "没有引用文件",
    ] {
        assert!(warnings(&reply(whole)).is_empty(), "{whole}");
    }
}

#[test]
fn a_row_with_all_three_parts_quotes_a_document_in_full() {
    let mut good = reply("依据《办法》办理");
    good.citations = vec![row("《办法》", "唐政发〔2020〕8号", "第十二条")];
    assert!(warnings(&good).is_empty());
    good.citations = vec![row("办法", "", "第十二条")];
    assert_eq!(warnings(&good), ["citation:number"]);
    good.citations = vec![row("", "唐政发〔2020〕8号", "第十二条")];
    assert_eq!(
        warnings(&good),
        ["citation:clause", "citation:number", "citation:title"]
    );
}

#[test]
fn a_risky_word_is_told_once_and_an_appeals_word_is_not() {
    let mut it = reply("这件事不归我们管，真的不归我们管");
    it.public_reply = Text::from("请自行解决，不要曝光");
    assert_eq!(warnings(&it), ["wording:不归我们管", "wording:自行解决"]);
}

#[test]
fn a_reply_of_nothing_but_titles_costs_bounded_work_and_few_warnings() {
    let many = reply(&"《办法》".repeat(2_000));
    assert_eq!(warnings(&many), ["citation:clause", "citation:number"]);
}
