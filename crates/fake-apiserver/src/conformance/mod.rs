//! Observable behaviour of a Kubernetes API server, as a list of cases that runs on this server and on a real one.
//!
//! Install the definition once with [`install`], then run each of [`cases`] with a [`Context`] whose suffix no earlier
//! run used. A case knows nothing but a `kube::Client`.

mod apply;
mod basics;
mod builtin;
mod context;
mod delete;
mod discovery;
mod list;
mod patch;
mod status;
mod validation;
mod watch;

use futures::future::BoxFuture;
use kube::Client;
use serde_json::{Value, json};

pub use context::Context;
use context::{DEFINITIONS, Failure, Outcome, Reply, WIDGETS, ensure, expect};

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// What the case is about.
    pub name: &'static str,
    /// Runs it; the error says what was seen instead of what was expected.
    pub run: fn(Context) -> BoxFuture<'static, Result<(), String>>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Makes a list of cases from functions.
macro_rules! list {
    ($($module:ident: $($name:ident)*;)*) => {
        vec![$($(Case {
            name: concat!(stringify!($module), "/", stringify!($name)),
            run: |context| Box::pin(async move {
                $module::$name(context).await.map_err(|failure: Failure| failure.to_string())
            }),
        },)*)*]
    };
}

/// Cases whose verdict differs between this server and a real one, each with the reason.
pub const KNOWN_DIFFERENCES: &[(&str, &str)] = &[];

/// All cases.
pub fn cases() -> Vec<Case> {
    list![
        basics: create_fills_in_server_fields create_twice generate_name name_is_required
            create_with_resource_version get_missing replace_without_resource_version replace_stale
            replace_missing replace_under_another_name replace_with_another_uid generation_counts_spec_changes
            unchanged_writes_keep_the_resource_version server_fields_ignore_the_client wrong_kind
            wrong_api_version malformed_json unsupported_media_type not_acceptable unknown_paths
            wrong_methods dry_run_stores_nothing create_with_status_code_201;
        validation: schema_violations_are_causes required_field cel_rule transition_rule
            invalid_names_and_labels metadata_of_the_wrong_type duplicate_list_map_keys duplicate_set_items
            unknown_fields_warn unknown_fields_strict unknown_fields_ignored unknown_option_values
            updates_are_validated patches_are_validated status_is_validated;
        status: create_drops_status main_write_ignores_status status_write_changes_only_status status_conflict
            status_of_missing status_defaults status_keeps_generation status_get;
        patch: merge_patch json_patch json_patch_that_fails undecodable_patches patch_missing
            patch_with_stale_resource_version patch_cannot_rename strategic_patch_of_custom_resource;
        apply: apply_creates apply_again_keeps_the_resource_version apply_conflict apply_by_force
            apply_removes_what_it_no_longer_names shared_fields_stay list_map_items_merge set_items_merge
            atomic_fields_conflict_as_a_whole apply_status_conflicts_with_update apply_needs_a_field_manager
            apply_undeclared_field apply_with_managed_fields plain_writes_take_ownership managed_fields_of_a_create
            apply_status_of_missing apply_metadata apply_dry_run apply_wrong_name;
        delete: delete_answers_success delete_missing delete_preconditions finalizers_hold
            no_new_finalizers_while_deleting delete_collection delete_dry_run unknown_propagation_policy
            background_collects_dependents orphan_leaves_dependents foreground_waits_for_dependents
            a_second_owner_keeps_a_dependent an_absent_owner_collects;
        list: pages_show_one_snapshot page_counts invalid_continue label_selectors bad_label_selector
            field_selectors unsupported_field match_without_resource_version
            exact_resource_version metadata_of_one metadata_of_many items_are_sorted;
        watch: changes_in_order initial_state selector_transitions watch_list watch_list_needs_match too_old
            ends_at_timeout metadata_only live_events one_object bad_resource_version;
        builtin: config_map namespace_has_to_exist namespace_mismatch unconditional_update lease_lock
            namespace_takes_its_contents field_of_the_wrong_type across_namespaces strategic_patch node_status
            events definition_lifecycle;
        discovery: groups resources version aggregated;
    ]
}

/// The definition that the cases use: kind `Widget`, cluster-scoped.
pub fn definition() -> Value {
    let text = json!({ "type": "string", "maxLength": 63 });
    let ports = json!({
        "type": "array", "maxItems": 16,
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object", "required": ["name"],
            "properties": { "name": text, "port": { "type": "integer" }, "note": text }
        }
    });
    let spec = json!({
        "type": "object", "required": ["size"],
        "properties": {
            "size": { "type": "integer", "minimum": 0, "maximum": 100 },
            "level": { "type": "integer" },
            "color": { "type": "string", "enum": ["red", "green"] },
            "labels": { "type": "object", "maxProperties": 16, "additionalProperties": text },
            "tags": { "type": "array", "maxItems": 16, "x-kubernetes-list-type": "set", "items": text },
            "plain": { "type": "array", "maxItems": 16, "items": text },
            "ports": ports,
            "atom": {
                "type": "object", "x-kubernetes-map-type": "atomic", "properties": { "a": text, "b": text }
            }
        },
        "x-kubernetes-validations": [
            { "rule": "self.size != 13", "message": "size must not be 13" },
            {
                "rule": "!has(oldSelf.level) || (has(self.level) && self.level >= oldSelf.level)",
                "message": "level must not fall"
            }
        ]
    });
    let status = json!({
        "type": "object",
        "properties": {
            "observedGeneration": { "type": "integer", "format": "int64", "default": -1 },
            "phase": text
        }
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.conformance.rackwright.dev" },
        "spec": {
            "group": "conformance.rackwright.dev",
            "scope": "Cluster",
            "names": {
                "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList",
                "shortNames": ["wdg"], "categories": ["conformance"]
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "required": ["spec"], "properties": { "spec": spec, "status": status }
                } }
            }]
        }
    })
}

/// Installs the definition and waits until its kind is served; does nothing if it is there.
pub async fn install(client: Client) -> Result<(), String> {
    let context = Context::new(client, "install");
    wait_for_definition(&context, &definition(), WIDGETS)
        .await
        .map_err(|failure| failure.to_string())
}

/// Creates a definition and waits until its collection can be listed.
async fn wait_for_definition(context: &Context, definition: &Value, collection: &str) -> Outcome {
    let created = context.post(DEFINITIONS, definition).await?;
    ensure(matches!(created.code, 201 | 409), || {
        format!("definition refused: {created}")
    })?;
    context
        .eventually("the kind to be served", || async {
            Ok(context.get(collection).await?.code == 200)
        })
        .await
}
