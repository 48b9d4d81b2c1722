//! How rows and parameters look in JSON.

use chrono::{DateTime, Utc};
use projections::{
    query::camel_case,
    row::{Column, Row},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::{any::type_name, borrow::Cow, marker::PhantomData};
use tokio_postgres::types::Type;

/// A row of a view.
pub fn row<R: Row>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<RowOf<R>>()
}

/// Rows of a view.
pub fn rows<R: Row>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Vec<RowOf<R>>>()
}

/// What is told of rows of a view, as server-sent events: their names, and their data.
pub fn events<R: Row>(generator: &mut SchemaGenerator) -> Schema {
    let (row, rows) = (row::<R>(generator), rows::<R>(generator));
    let key = camel_case(R::COLUMNS[0].name);
    let reason = |words: &[&str]| {
        let reason = json!({ "type": "string", "enum": words });
        json!({ "type": "object", "properties": { "reason": reason }, "required": ["reason"] })
    };
    json_schema!({
        "type": "string",
        "description": "Server-sent events. `x-events` has the data of each by its name: JSON in one line.",
        "x-events": {
            "list": rows,
            "row": row,
            "gone": { "type": "object", "properties": { &key: { "type": "string" } }, "required": [&key] },
            "ready": {
                "type": "object",
                "properties": { "position": { "type": "string" }, "more": { "type": "boolean" } },
                "required": ["position"],
            },
            "behind": reason(&["unreachable", "unowned", "late", "parked"]),
            "reset": reason(&["too-old", "rewritten", "too-many"]),
        },
    })
}

/// A closed set of words.
pub fn words(description: &str, words: &[&str]) -> Schema {
    json_schema!({ "description": description, "type": "string", "enum": words })
}

pub fn text(description: &str) -> Schema {
    json_schema!({ "description": description, "type": "string" })
}

pub fn uuid(description: &str) -> Schema {
    json_schema!({ "description": description, "type": "string", "format": "uuid" })
}

/// What a list may be filtered by: one of these words, or any that a value can be.
pub fn filter(words: &[&str]) -> Schema {
    if words.is_empty() {
        return json_schema!({ "type": "string", "minLength": 1, "maxLength": 100 });
    }
    json_schema!({ "type": "string", "enum": words })
}

struct RowOf<R>(PhantomData<R>);

impl<R: Row> JsonSchema for RowOf<R> {
    fn schema_name() -> Cow<'static, str> {
        name_of(type_name::<R>()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for column in R::COLUMNS {
            properties.insert(camel_case(column.name), field(column, generator));
        }
        let required: Vec<_> = properties.keys().cloned().collect();
        json_schema!({ "type": "object", "properties": properties, "required": required })
    }
}

/// `projections::cafe::menu::MenuRow` is `CafeMenuRow`: the contexts have rows of the same names.
fn name_of(path: &str) -> String {
    let context = path.split("::").nth(1).unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    let (initial, rest) = context.split_at(context.len().min(1));
    initial.to_uppercase() + rest + name
}

fn field(column: &Column, generator: &mut SchemaGenerator) -> Value {
    let words = (column.words)();
    let schema = match &column.sql_type {
        sql if *sql == Type::INT8 => json_schema!({ "type": "integer", "format": "int64" }),
        sql if *sql == Type::BOOL => json_schema!({ "type": "boolean" }),
        sql if *sql == Type::TIMESTAMPTZ => generator.subschema_for::<DateTime<Utc>>(),
        _ if words.is_empty() => json_schema!({ "type": "string" }),
        _ => json_schema!({ "type": "string", "enum": words }),
    };
    match column.is_nullable || column.is_personal {
        true => json!({ "anyOf": [schema, { "type": "null" }] }),
        false => schema.to_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::cafe::order_status::OrderStatusRow;

    #[test]
    fn a_row_has_the_name_of_its_context_and_the_fields_of_its_json() {
        let mut generator = SchemaGenerator::default();
        row::<OrderStatusRow>(&mut generator);
        let schemas = generator.take_definitions(true);
        let row = &schemas["CafeOrderStatusRow"];
        assert_eq!(row["properties"]["paidAt"]["anyOf"][1]["type"], "null", "{row}");
        assert_eq!(row["properties"]["status"]["enum"][1], "pay_success");
        assert!(row["required"].as_array().is_some_and(|fields| fields.len() > 15));
    }
}
