use super::*;

#[test]
fn the_shipped_trees_are_read_whole() {
    let shipped = Catalogue::shipped();
    assert_eq!(shipped.categories.len(), 14 + 53 + 151);
    assert_eq!(
        shipped.categories.path("010101"),
        Some("城乡建设与管理/市容环境/占道经营")
    );
    assert_eq!(
        shipped.regions.path("130202001"),
        Some("唐山市/路南区/学院南路街道")
    );
    assert!(!shipped.categories.contains("999999"));
    assert_eq!(shipped.categories.top.len(), 14);
    assert_eq!(shipped.categories.version, 1);
}

#[test]
fn a_category_knows_its_field_its_trade_and_its_law() {
    let shipped = Catalogue::shipped();
    let lift = shipped.category("020103").unwrap();
    assert_eq!(lift.route, Some(Route::TerritoryWithIndustry));
    assert_eq!(lift.dept, "sc".parse().ok());
    assert_eq!(lift.statutory_limit.as_ref().unwrap().rule, "24h");
    assert!(!lift.emergency && !lift.grid_direct);
    assert!(shipped.category("030401").unwrap().emergency);
    assert!(shipped.category("010203").unwrap().grid_direct);
    assert_eq!(shipped.field("020103"), Some("020000"));
    assert_eq!(shipped.field("999999"), None);
    assert_eq!(shipped.categories.depth("020103"), 3);
    let third = shipped.all_categories().filter(|it| it.route.is_some());
    assert_eq!(third.count(), 151, "each of the lowest level has its way");
}

#[test]
fn every_field_of_the_standard_has_a_category() {
    // 6.1 a: economy, market, building, society, public service, environment; conduct of organs.
    let names = [
        "企业",
        "市场",
        "城乡建设",
        "社会",
        "公共",
        "环境",
        "作风",
        "民生",
        "公用",
    ];
    let shipped = Catalogue::shipped();
    let fields: Vec<&str> = shipped
        .categories
        .top
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    let found = names
        .iter()
        .filter(|name| fields.iter().any(|field| field.contains(*name)));
    assert!(6 <= found.count(), "{fields:?}");
    assert!(shipped.category("140403").is_some_and(|it| it.name == "其他"));
}

#[test]
fn a_region_contains_what_lies_in_it() {
    let shipped = Catalogue::shipped();
    assert!(shipped.contains("130200", "130202001"));
    assert!(shipped.contains("130202", "130202001"));
    assert!(shipped.contains("130202001", "130202001"));
    assert!(!shipped.contains("130203", "130202001"));
    assert!(!shipped.contains("130202001", "130202"));
    assert!(!shipped.contains("130202", "999"));
}

#[test]
fn every_fault_of_a_tree_is_told_at_once() {
    let categories = r#"{"categories": [
        {"code": "01", "name": "a/b", "route": "by_boat", "dept": "No", "statutory_rule": "soon"},
        {"code": "01", "name": "c"}, {"code": "02", "name": "d", "parent": "99"},
        {"code": "0 3", "name": "e", "parent": "0 3", "statutory_basis": "law", "extra": 1}]}"#;
    let regions = r#"{"regions": [{"code": "1"}]}"#;
    let faults = Catalogue::parse((categories, 1), (regions, 1)).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "categories[0].dept: not a name of 1 to 40 of a-z, 0-9 and -",
            "categories[0].name: has a `/`, which stands between names",
            "categories[0].route: not territory, territory_with_industry or industry",
            "categories[0].statutory_basis: a limit and its law stand together (7.5.1)",
            "categories[0].statutory_rule: not a limit as 24h, 7wd or 30min",
            "categories[1].code: stands already at categories[0].code",
            "categories[2].parent: there is no such code",
            "categories[3].code: not 1 to 20 of 0-9, A-Z and a-z",
            "categories[3].extra: is not known here",
            "categories[3].parent: in a ring, or deeper than 6",
            "categories[3].statutory_basis: a limit and its law stand together (7.5.1)",
            "regions[0].name: is missing",
        ]
    );
}
