//! YAML: events of the parser into the builder.

use super::build::{Builder, Key, Range};
use super::dialect::Dialect;
use super::scalar::{self, Reading, Scalar};
use crate::diagnostic::Diagnostic;
use crate::rules;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};
use serde_json::Value;
use std::borrow::Cow;

/// Parses all documents of a text. After a syntax error it goes on with the next document.
pub(super) fn parse(text: &str, builder: &mut Builder<'_>) {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        // Hundreds of rack names in a flow list need no limit of 1024 characters, and no key is that long.
        flow_nesting_limit: 200,
        block_nesting_limit: 200,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut dialect = Dialect::new(text);
    builder.start_document();
    while !builder.stopped() {
        match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => take(builder, &mut dialect, event, span),
            Some(Err(error)) => {
                let finding = syntax_finding(builder, text, &error);
                builder.abandon(finding);
                dialect.forget_tabs();
                match parser.proceed_next_document() {
                    Ok(true) => builder.start_document(),
                    Ok(false) | Err(_) => break,
                }
            }
        }
    }
    dialect.finish(builder);
}

fn range(span: Span) -> Range {
    let range = span.byte_range().unwrap_or(0..0);
    (range.start as u32, range.end as u32)
}

fn take(builder: &mut Builder<'_>, dialect: &mut Dialect, event: Event<'_>, span: Span) {
    let range = range(span);
    if is_indirect(&event) {
        builder.set_indirect();
    }
    match event {
        Event::DocumentStart(..) => {
            dialect.start_document();
            builder.start_document();
        }
        Event::DocumentEnd => builder.end_document(),
        Event::Scalar(text, style, anchor, tag) => {
            dialect.claim(range);
            let is_key = builder.key_expected();
            if style == ScalarStyle::Plain && range.0 < range.1 && !builder.skipping() {
                dialect.plain_scalar(builder, &text, range, is_key);
            }
            if style == ScalarStyle::DoubleQuoted && !builder.skipping() {
                Dialect::quoted_scalar(builder, range);
            }
            take_scalar(builder, text, style, anchor, tag.as_deref(), range);
        }
        Event::SequenceStart(style, anchor, tag) => {
            dialect.open(style == StructureStyle::Flow, range);
            collection_tag(builder, tag.as_deref(), "seq", range);
            builder.begin_list(open(style, range), anchor);
        }
        Event::MappingStart(style, anchor, tag) => {
            dialect.open(style == StructureStyle::Flow, range);
            collection_tag(builder, tag.as_deref(), "map", range);
            builder.begin_map(open(style, range), anchor);
        }
        Event::SequenceEnd | Event::MappingEnd => {
            // Block style ends at the next token, behind blank lines and comments; only a bracket marks an end.
            let closed = builder.source(range).ends_with([']', '}']).then_some(range.1);
            dialect.close(range.1);
            builder.end(closed);
        }
        Event::Alias(id) => builder.alias(id, range),
        Event::UnresolvedAlias(name) => unknown_anchor(builder, &name, range),
        _ => {}
    }
}

/// Whether a value comes from elsewhere, or is something else than its text says.
fn is_indirect(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, _, _) if text == "<<" => true,
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(_, anchor, tag)
        | Event::MappingStart(_, anchor, tag) => *anchor != 0 || tag.is_some(),
        Event::Alias(_) | Event::UnresolvedAlias(_) => true,
        _ => false,
    }
}

fn open(style: StructureStyle, range: Range) -> Range {
    match style {
        StructureStyle::Block => (range.0, range.0),
        StructureStyle::Flow => range,
    }
}

fn unknown_anchor(builder: &mut Builder<'_>, name: &str, range: Range) {
    let finding = Diagnostic::error(rules::UNKNOWN_ANCHOR.code(), format!("no anchor `&{name}` stands before this alias"))
        .label(builder.span(range), "unknown here")
        .help("anchors hold within one document and must stand before their aliases; a text that begins with `*` needs quotes");
    if builder.skipping() {
        return;
    }
    builder.refuse(range, finding);
    if builder.key_expected() {
        builder.key(Key::Refused(range));
    } else {
        builder.scalar(Value::Null, range, 0);
    }
}

fn take_scalar(
    builder: &mut Builder<'_>,
    text: Cow<'_, str>,
    style: ScalarStyle,
    anchor: usize,
    tag: Option<&Tag>,
    range: Range,
) {
    if builder.skipping() {
        return;
    }
    let plain = style == ScalarStyle::Plain;
    // The parser gives `~` for a value that is not there.
    let absent = plain && range.0 >= range.1;
    let text = if absent { Cow::Borrowed("") } else { text };
    if builder.key_expected() {
        if anchor != 0 {
            let value = match scalar::read(&text) {
                Reading::Value(value) if plain && tag.is_none() => value,
                _ => Value::String(text.clone().into_owned()),
            };
            builder.remember_key(anchor, value, range);
        }
        let key = take_key(builder, text, plain, tag, range);
        return builder.key(key);
    }
    // Nothing to point at: the key is the place.
    let range = if absent {
        builder.pending_key().unwrap_or(range)
    } else {
        range
    };
    let value = match tag {
        Some(tag) => tagged(builder, &text, tag, range),
        None if plain => plain_value(builder, &text, range),
        None => Value::String(text.into_owned()),
    };
    builder.scalar(value, range, anchor);
}

fn plain_value(builder: &mut Builder<'_>, text: &str, range: Range) -> Value {
    match scalar::read(text) {
        Reading::Value(value) => value,
        Reading::Text => Value::String(text.to_owned()),
        Reading::Ambiguous { meaning } => {
            builder.refuse(range, ambiguous(builder, text, &meaning, range));
            meaning
        }
        Reading::NotJson => {
            builder.refuse(
                range,
                Diagnostic::error(
                    rules::NOT_JSON.code(),
                    format!("`{text}` is a number that JSON cannot carry"),
                )
                .label(builder.span(range), "kubectl refuses this")
                .help("put it in quotes if it is meant as text")
                .fix(builder.span(range), quoted(text)),
            );
            Value::String(text.to_owned())
        }
        Reading::OutOfRange => {
            builder.refuse(range, out_of_range(builder, text, range));
            scalar::json(&scalar::kubectl(text), text)
        }
    }
}

pub(super) fn out_of_range(builder: &Builder<'_>, text: &str, range: Range) -> Diagnostic {
    Diagnostic::error(
        rules::NUMBER_OUT_OF_RANGE.code(),
        format!("the number `{text}` does not fit into 64 bits"),
    )
    .label(builder.span(range), "loses digits on its way to the API server")
    .help("put it in quotes if it is an identifier")
    .fix(builder.span(range), quoted(text))
}

fn ambiguous(builder: &Builder<'_>, text: &str, meaning: &Value, range: Range) -> Diagnostic {
    let (seen, help) = match meaning {
        Value::String(_) => (
            "text to kubectl, a number to YAML 1.1".to_owned(),
            "put it in quotes if it is meant as text".to_owned(),
        ),
        other => (
            format!("{other} to kubectl, something else to other readers"),
            format!("put it in quotes if it is meant as text, else write `{other}`"),
        ),
    };
    Diagnostic::error(
        rules::AMBIGUOUS_SCALAR.code(),
        format!("YAML 1.1 and YAML 1.2 read `{text}` differently"),
    )
    .label(builder.span(range), seen)
    .help(help)
    .fix(builder.span(range), quoted(text))
}

/// The text in double quotes, as YAML and JSON both write it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn take_key(
    builder: &mut Builder<'_>,
    text: Cow<'_, str>,
    plain: bool,
    tag: Option<&Tag>,
    range: Range,
) -> Key {
    if let Some(tag) = tag {
        if !tag.is_yaml_core_schema_tag("str") {
            refuse_tag(builder, tag, range);
        }
        return Key::Name(text.into_owned(), range);
    }
    if !plain {
        return Key::Name(text.into_owned(), range);
    }
    if text == "<<" {
        return Key::Merge(range);
    }
    let kubectl = scalar::key(&text);
    let Some(name) = kubectl else {
        builder.complex_key(range);
        return Key::Refused(range);
    };
    let plain_reading = matches!(
        scalar::read(&text),
        Reading::Value(_) | Reading::Text | Reading::OutOfRange
    );
    if name != text || !plain_reading {
        let seen = if name == text {
            "a number to YAML 1.1".to_owned()
        } else {
            format!("the key `{name}` to kubectl")
        };
        builder.refuse(
            range,
            Diagnostic::error(
                rules::AMBIGUOUS_KEY.code(),
                format!("the key `{text}` is not read as it is written"),
            )
            .label(builder.span(range), seen)
            .help("put the key in quotes")
            .fix(builder.span(range), quoted(&text)),
        );
    }
    Key::Name(name, range)
}

/// A scalar with a tag of the core schema, as go-yaml resolves it.
fn tagged(builder: &mut Builder<'_>, text: &str, tag: &Tag, range: Range) -> Value {
    let meaning = scalar::kubectl(text);
    match (tag.core_suffix(), meaning) {
        (Some("str"), _) => Value::String(text.to_owned()),
        (Some("null"), Scalar::Null) => Value::Null,
        (Some("bool"), Scalar::Bool(_))
        | (Some("int"), Scalar::Int(_))
        | (Some("float"), Scalar::Int(_) | Scalar::Float(_)) => plain_value(builder, text, range),
        _ => {
            refuse_tag(builder, tag, range);
            Value::String(text.to_owned())
        }
    }
}

fn collection_tag(builder: &mut Builder<'_>, tag: Option<&Tag>, expected: &str, range: Range) {
    if let Some(tag) = tag
        && !tag.is_yaml_core_schema_tag(expected)
        && !builder.skipping()
    {
        refuse_tag(builder, tag, range);
    }
}

fn refuse_tag(builder: &mut Builder<'_>, tag: &Tag, range: Range) {
    builder.refuse(
        range,
        Diagnostic::error(
            rules::UNSUPPORTED_TAG.code(),
            format!("the tag `{}` is not supported here", tag.original()),
        )
        .label(builder.span(range), "tagged value")
        .help("remove the tag; Kubernetes objects are plain JSON values"),
    );
}

fn syntax_finding(builder: &Builder<'_>, text: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let one_character = |at: usize| {
        let rest = text.get(at..).unwrap_or("");
        let length = rest
            .chars()
            .next()
            .filter(|c| !matches!(c, '\n' | '\r'))
            .map_or(0, char::len_utf8);
        (at as u32, (at + length) as u32)
    };
    let range = one_character(at);
    match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => Diagnostic::error(
            rules::TAB_INDENTATION.code(),
            "a tab cannot be used as indentation",
        )
        .label(builder.span(one_character(indenting_tab(text, at))), "tab")
        .help("indent with spaces"),
        ErrorKind::RecursionLimitExceeded => {
            Diagnostic::error(rules::TOO_DEEP.code(), "maps and lists are nested too deep")
                .label(builder.span(range), "too deep")
        }
        kind => Diagnostic::error(rules::YAML_SYNTAX.code(), format!("not YAML: {kind}"))
            .label(builder.span(range), "here"),
    }
}

/// The tab that an error near `at` is about: the first one in the indentation of that line or of the next. The parser
/// notices a tab only when it meets what comes behind it, or before it looks at the line.
fn indenting_tab(text: &str, at: usize) -> usize {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |line| line + 1);
    let mut offset = start;
    for line in text.get(start..).unwrap_or("").split_inclusive('\n').take(2) {
        let content = line.trim_start_matches([' ', '\t']);
        if let Some(tab) = line[..line.len() - content.len()].find('\t') {
            return offset + tab;
        }
        offset += line.len();
    }
    at
}
