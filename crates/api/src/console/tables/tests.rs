use super::*;
use crate::console::things::THINGS;
use crate::{http::openapi, routes::operations};
use serde_json::Value;

/// The fields of the rows that a path answers with.
fn fields(path: &str) -> Vec<String> {
    let document = openapi::document(&operations());
    let answer = &document["paths"][path]["get"]["responses"]["200"];
    let schema = &answer["content"]["application/json"]["schema"];
    let row = schema["items"]["$ref"].as_str().or(schema["$ref"].as_str()).expect(path);
    let row = row.rsplit('/').next().unwrap();
    let fields = document["components"]["schemas"][row]["properties"].as_object();
    fields.expect(row).keys().cloned().collect()
}

#[test]
fn every_view_has_a_table_of_columns_that_its_rows_have() {
    let views: Vec<_> = projections::registry::VIEWS.iter().map(|view| view.name()).collect();
    assert_eq!(views.len(), TABLES.len());
    for table in &TABLES {
        assert!(views.contains(&table.view().as_str()), "{}", table.view());
        let fields = fields(table.list);
        for column in table.columns {
            assert!(fields.iter().any(|field| field == column), "{}: {column}", table.view());
        }
    }
}

#[test]
fn every_field_of_every_row_has_a_name_in_both_languages() {
    use crate::console::language::Language;
    for path in TABLES.iter().map(|table| table.list).chain(THINGS.iter().map(|one| one.row)) {
        for field in fields(path) {
            let name = Language::Ko.find(&format!("field.{field}"));
            assert!(name.is_some(), "{path}: field.{field}");
        }
    }
}

#[test]
fn every_word_to_filter_by_has_a_text() {
    use crate::console::language::Language;
    let lists = |path| TABLES.iter().any(|table| table.list == path);
    for operation in operations().into_iter().filter(|operation| lists(operation.path)) {
        for parameter in operation.query {
            let words = parameter.schema.get("enum").and_then(Value::as_array);
            for word in words.into_iter().flatten().filter_map(Value::as_str) {
                let is_order = parameter.name == "sort";
                let text = Language::En.find(&format!("word.{word}"));
                assert!(is_order || text.is_some(), "{}: word.{word}", operation.path);
            }
        }
    }
}

#[test]
fn every_thing_has_a_row_and_facts() {
    for thing in &THINGS {
        assert!(!fields(thing.row).is_empty());
        assert!(domain::timeline::sides(thing.category).is_some(), "{}", thing.category);
    }
}
