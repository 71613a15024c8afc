//! The description of the interface, made from the handlers.
//!
//! **Invariants.** The copy in `web/openapi.json` is equal to what is served; a test compares.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use serde_json::Value;
use serde_json::json;
use utoipa::OpenApi;

use crate::http::error::Body;

/// What the handlers do not say.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rexian",
        description = "The interface of a 12345 hotline contact centre; its rules are in docs/API.md.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(Body))
)]
pub(crate) struct Description;

/// The whole description, as it is served and as it is kept in `web/openapi.json`.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let (_, description) = crate::http::api().split_for_parts();
        let mut value = serde_json::to_value(description).unwrap_or_default();
        complete(&mut value);
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

/// Gives the description.
pub(crate) async fn serve() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text(),
    )
}

/// Says what holds everywhere: answers have all their fields, every operation may be refused with a problem.
fn complete(description: &mut Value) {
    let mut asked = Vec::new();
    if let Some(paths) = description.get_mut("paths").and_then(Value::as_object_mut) {
        for operation in paths
            .values_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|path| path.values_mut())
        {
            let body = operation.pointer("/requestBody/content/application~1json/schema/$ref");
            asked.extend(body.and_then(Value::as_str).map(ToOwned::to_owned));
            // Handlers are named within their module; an operation's name is the only one of its kind.
            let tag = operation
                .pointer("/tags/0")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = operation
                .get("operationId")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = Value::String(format!("{tag}_{name}"));
            if let Some(operation) = operation.as_object_mut() {
                operation.insert("operationId".to_owned(), name);
            }
            let refused = json!({
                "description": "the request was refused",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
            });
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                responses.insert("default".to_owned(), refused);
            }
        }
    }
    let Some(schemas) = description
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (name, schema) in schemas {
        let is_asked = asked
            .iter()
            .any(|reference| reference.ends_with(&format!("/{name}")));
        let fields: Option<Vec<Value>> = schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|fields| fields.keys().map(|field| Value::String(field.clone())).collect());
        if let (false, Some(fields), Some(schema)) = (is_asked, fields, schema.as_object_mut()) {
            schema.insert("required".to_owned(), Value::Array(fields));
        }
    }
}
