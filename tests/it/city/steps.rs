//! The steps that most checks begin with: an order at a unit, its reply, its review, the appellant's word.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use serde_json::Value;
use serde_json::json;

use super::town::Answer;
use super::town::City;
use super::town::HOTLINE;

/// The form of an order without a place, in a category without a limit of its own.
pub(super) fn form(kind: &str, urgency: &str) -> Value {
    json!({"name": "赵女士", "appellant_kind": "person", "appeal_type": kind, "category": "140403", "place": "none",
        "content": "楼道堆放杂物影响通行，请处理。", "urgency": urgency, "read_back": true})
}

/// The form of an enterprise's order.
pub(super) fn enterprise(kind: &str) -> Value {
    let mut fields = form(kind, "normal");
    fields["appellant_kind"] = json!("legal_person");
    fields["company"] = json!("唐山某某商贸有限公司");
    fields
}

/// An order that the public security bureau has signed.
pub(super) async fn signed(city: &City, fields: &Value) -> TicketId {
    let ticket = city.accepted("13800138000", fields).await;
    city.dispatch(ticket, "ga").await;
    let unit = city.person(Role::Unit, "ga").await;
    city.done(&unit, ticket, json!({"command": "sign"})).await;
    ticket
}

/// The unit told the appellant and heard him.
pub(super) async fn heard(city: &City, ticket: TicketId) {
    let unit = city.person(Role::Unit, "ga").await;
    city.done(&unit, ticket, contact()).await;
}

pub(super) fn contact() -> Value {
    json!({"command": "record_contact", "way": "visit", "outcome": "reached", "opinion": "同意办理意见"})
}

pub(super) fn reply() -> Value {
    json!({"command": "feed_back", "process": "接到工单后到现场调查核实。", "basis": "按有关规定办理。",
        "result": "已清理完毕，恢复通行。", "next_steps": "安排人员每日巡查。", "public_reply": "您反映的问题已经解决。",
        "solved": true})
}

/// An order whose reply waits for its review.
pub(super) async fn replied(city: &City, fields: &Value) -> TicketId {
    let ticket = signed(city, fields).await;
    let unit = city.person(Role::Unit, "ga").await;
    heard(city, ticket).await;
    city.done(&unit, ticket, reply()).await;
    ticket
}

/// An order that passed its review.
pub(super) async fn reviewed(city: &City, fields: &Value) -> TicketId {
    let ticket = replied(city, fields).await;
    pass(city, ticket).await;
    ticket
}

pub(super) async fn pass(city: &City, ticket: TicketId) {
    let reviewer = city.person(Role::Reviewer, HOTLINE).await;
    city.done(&reviewer, ticket, json!({"command": "pass_review"}))
        .await;
}

/// The appellant's word to the city's follow-up.
pub(super) fn word(mode: &str, result: &str, satisfaction: &str) -> Value {
    json!({"command": "record_result", "level": "city", "mode": mode, "result": result, "satisfaction": satisfaction,
        "opinion": "希望尽快"})
}

/// An order whose appellant is not content, and which is therefore verified.
pub(super) async fn unhappy(city: &City, fields: &Value) -> TicketId {
    let ticket = reviewed(city, fields).await;
    let followup = city.person(Role::Followup, HOTLINE).await;
    city.done(&followup, ticket, word("person", "unsolved", "unsatisfied"))
        .await;
    ticket
}

/// The refusal without its status, as `rule field clause`.
pub(super) fn why(answer: &Answer) -> String {
    let refusal = answer.refusal();
    refusal.split_once(' ').unwrap().1.to_owned()
}

/// Who did what last of this kind, as the chain tells.
pub(super) async fn actor(city: &City, ticket: TicketId, kind: &str) -> String {
    city.fact(ticket, kind)
        .await
        .map_or("-".to_owned(), |fact| fact.actor)
}

pub(super) async fn state(city: &City, ticket: TicketId) -> &'static str {
    city.ticket(ticket).await.ticket.state.code()
}

/// A request for more time, to a day.
pub(super) fn more_time(until: &str) -> Value {
    json!({"command": "ask_extension", "until": until, "reason": "情况复杂需要更多时间", "progress": "正在办理",
        "told": "phone", "told_text": "已电话告知诉求人"})
}

/// A request for a co-unit, with these files.
pub(super) fn co_handling(unit: &str, files: &[Value]) -> Value {
    json!({"command": "ask_co_handling", "units": [{"unit": unit, "matter": "请协助现场核实"}],
        "reason": "涉及其他单位职责", "files": files})
}

/// Asks for a co-unit and has it approved.
pub(super) async fn co_handled(city: &City, ticket: TicketId, unit: &str) {
    let first = city.person(Role::Unit, "ga").await;
    let file = city.upload(&first, ticket).await;
    city.done(&first, ticket, co_handling(unit, &[file])).await;
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    let request = city.ticket(ticket).await.ticket.requests.len();
    let approve =
        json!({"command": "decide_co_handling", "request": request, "approve": true, "reason": "同意协办"});
    city.done(&dispatcher, ticket, approve).await;
}

/// A co-unit signs its part and is done with it.
pub(super) async fn part_done(city: &City, ticket: TicketId, unit: &str) {
    let co = city.person(Role::Unit, unit).await;
    city.done(&co, ticket, json!({"command": "sign_sub", "sub": 1}))
        .await;
    let done = json!({"command": "reply_sub", "sub": 1, "reply": "协办事项已经办完。"});
    city.done(&co, ticket, done).await;
}
