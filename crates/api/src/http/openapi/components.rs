//! What several operations have in common, described once and referred to.

use super::common;
use schemars::{SchemaGenerator, generate::SchemaSettings, transform::ReplaceBoolSchemas};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The parts that operations refer to, as far as they came up.
pub(super) struct Components {
    pub schemas: SchemaGenerator,
    responses: Map<String, Value>,
    parameters: Map<String, Value>,
}

impl Components {
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12()
            .with(|settings| settings.definitions_path = "/components/schemas".into())
            .with_transform(without_true());
        Self {
            schemas: SchemaGenerator::new(settings),
            responses: Map::new(),
            parameters: Map::new(),
        }
    }

    /// An answer with one of these problems: `409.concurrent-change.still-running`.
    pub fn problem(&mut self, status: u16, codes: &BTreeSet<&'static str>) -> Value {
        let codes_named = codes.iter().copied().collect::<Vec<_>>().join(".");
        let name = format!("{status}.{codes_named}");
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses.entry(name).or_insert_with(|| common::problem_response(status, codes));
        reference
    }

    /// A header that requests may have. One name may have several descriptions.
    pub fn parameter(&mut self, described: Value) -> Value {
        let name = described["name"].as_str().unwrap_or_default().to_owned();
        let is_free =
            |key: &String| self.parameters.get(key).is_none_or(|known| *known == described);
        let more = (2..).map(|number| format!("{name}-{number}"));
        let key = std::iter::once(name.clone()).chain(more).find(is_free).unwrap_or(name);
        let reference = json!({ "$ref": format!("#/components/parameters/{key}") });
        self.parameters.insert(key, described);
        reference
    }

    pub fn finish(mut self) -> Value {
        let mut schemas = self.schemas.take_definitions(true);
        schemas.insert("Problem".to_owned(), common::problem());
        json!({
            "schemas": schemas,
            "responses": self.responses,
            "parameters": self.parameters,
            "headers": common::headers(),
            "securitySchemes": common::security_schemes(),
        })
    }
}

/// Generators of clients know no `true` as a schema.
fn without_true() -> ReplaceBoolSchemas {
    let mut transform = ReplaceBoolSchemas::default();
    transform.skip_additional_properties = true;
    transform
}

/// What a part of the document says, or what it refers to says.
pub fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    let target = part["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(part)
}
