//! YAML with positions, schema and CEL as the API server judges them, diagnostics
