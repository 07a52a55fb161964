//! What a document looks like before and after.

use super::*;

/// Formats a text twice: the second time nothing is left to do.
fn formatted(text: &str) -> Formatted {
    let once = Formatter::default().format(text);
    if let Some(text) = &once.text {
        assert_eq!(Formatter::default().format(text).text, None, "{text}");
    }
    once
}

fn becomes(before: &str, after: &str) {
    let formatted = formatted(before);
    assert_eq!(formatted.left, []);
    assert_eq!(formatted.text.as_deref().unwrap_or(before), after);
}

fn stays(text: &str, reasons: &[Reason]) {
    let formatted = formatted(text);
    let left: Vec<Reason> = formatted.left.into_iter().map(|left| left.reason).collect();
    assert_eq!((formatted.text, &left[..]), (None, reasons), "{text}");
}

const POOL: &str = "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\n";

fn pool(rest: &str) -> String {
    format!("{POOL}{rest}")
}

#[test]
fn comments_go_with_their_keys_and_empty_lines_stay_between() {
    becomes(
        "\
# The site of the lab.

spec: # all of it
  racks: # two
  # the first row
  - system: dgx-b200
    names: a1,a2 # both
    # one node each
    nodes: n1
    # location: hall

  # - names: b1
  power:
    # from the utility
    budget: 1000kW

  # what it is made of
  catalogue: { switches: [] }
  # phases: later
# behind the spec
metadata: { labels: { b: \"xy\", a: \"y\" }, name: \"lab\" }
kind: Supercluster # of one

apiVersion: rackwright.dev/v1alpha1
# the end
",
        "\
# The site of the lab.

apiVersion: rackwright.dev/v1alpha1
kind: Supercluster # of one
# behind the spec
metadata: { name: lab, labels: { b: xy, a: \"y\" } }

spec: # all of it
  # - names: b1
  power:
    # from the utility
    budget: 1MW

  # what it is made of
  catalogue: { switches: [] }

  racks: # two
  # the first row
  - names: a[1-2] # both
    # one node each
    nodes: n1
    system: dgx-b200
    # location: hall
  # phases: later
# the end
",
    );
}

#[test]
fn a_key_that_comes_behind_a_dash_takes_its_comment_there() {
    becomes(
        &pool("spec:\n  fabrics:\n  - x: 1\n    # why\n    # and how\n    name: a\n"),
        &pool("spec:\n  fabrics:\n  - x: 1\n    # why\n    # and how\n    name: a\n"),
    );
    becomes(
        &pool(
            "spec:\n  gpu:\n    mig:\n      layout:\n      # seven\n      - count: 7\n        # of B200\n        profile: 1g.23gb\n",
        ),
        &pool(
            "spec:\n  gpu:\n    mig:\n      layout:\n      # seven\n      - # of B200\n        profile: 1g.23gb\n        count: 7\n",
        ),
    );
    becomes(
        &pool(
            "spec:\n  gpu:\n    mig:\n      layout:\n      -\n        count: 7\n        # of B200\n        profile: 1g.23gb\n",
        ),
        &pool(
            "spec:\n  gpu:\n    mig:\n      layout:\n      -\n        # of B200\n        profile: 1g.23gb\n        count: 7\n",
        ),
    );
}

#[test]
fn texts_of_many_lines_move_whole() {
    let text = "\
kind: GPUPool
metadata:
  annotations:
    a: |
      # not a comment

      - two
    b: >+
      kept

    c: \"one
      # no comment either\"
    # a comment
  name: a
apiVersion: rackwright.dev/v1alpha1
spec: {}
";
    let after = "\
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata:
  name: a
  annotations:
    a: |
      # not a comment

      - two
    b: >+
      kept

    c: \"one
      # no comment either\"
    # a comment
spec: {}
";
    becomes(text, after);
    // What follows one is not its own.
    for value in [
        "|\n    x # y",
        "|-\n    x",
        ">+\n    x\n",
        "|2-\n     x\n\n     y",
        "a\n    b",
    ] {
        becomes(
            &format!(
                "spec:\n  x: {value}\n  # end\n\n# kind\nkind: GPUPool\napiVersion: rackwright.dev/v1alpha1\n"
            ),
            &format!(
                "apiVersion: rackwright.dev/v1alpha1\n\n# kind\nkind: GPUPool\nspec:\n  x: {value}\n  # end\n"
            ),
        );
        becomes(
            &format!("spec:\n- {value}\n# kind\nkind: GPUPool\napiVersion: rackwright.dev/v1alpha1\n"),
            &format!("apiVersion: rackwright.dev/v1alpha1\n# kind\nkind: GPUPool\nspec:\n- {value}\n"),
        );
    }
    let last = "kind: GPUPool\nspec: { }\nmetadata:\n  annotations:\n    a: |-\n      x # y\n  name: a\n";
    becomes(
        &format!("apiVersion: rackwright.dev/v1alpha1\n{last}"),
        "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata:\n  name: a\n  annotations:\n    a: |-\n      x # y\nspec: { }\n",
    );
}

#[test]
fn line_ends_and_marks_of_all_kinds() {
    let before = "\u{feff}kind: GPUPool\r\napiVersion: rackwright.dev/v1alpha1";
    becomes(
        before,
        "\u{feff}apiVersion: rackwright.dev/v1alpha1\r\nkind: GPUPool\r\n",
    );
    becomes(POOL.trim_end(), POOL);
    // Of the last text of many lines, too, the document ends where the next one begins.
    let blocks = "---\nkind: GPUPool\napiVersion: rackwright.dev/v1alpha1\nx: |\n  a\n";
    let done = "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nx: |\n  a\n";
    becomes(&blocks.repeat(3), &done.repeat(3));
    // The last line of a block has its end or has it not.
    let text =
        format!("kind: GPUPool\nmetadata:\n  annotations:\n    a: |\n      x\napiVersion: {GROUP}/v1alpha1");
    becomes(
        &text,
        "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata:\n  annotations:\n    a: |\n      x\n",
    );
    // What is not ours keeps its end, or the lack of it.
    let mixed = "--- # ours\nkind: GPUPool\napiVersion: rackwright.dev/v1alpha1\n# end\n...\n---\nkind: Secret\napiVersion: v1 # mine";
    let after = "--- # ours\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\n# end\n...\n---\nkind: Secret\napiVersion: v1 # mine";
    becomes(mixed, after);
}

#[test]
fn brackets_keep_their_layout() {
    becomes(
        &pool("spec: {nodes: {racks: a1}, supercluster: lab}\n"),
        &pool("spec: {supercluster: lab, nodes: {racks: a1}}\n"),
    );
    becomes(
        &pool(
            "spec:\n  rollout: {\n    canary: { soak: 60m, nodes: 1 },\n    paused: true,\n  } # slow\n  supercluster: \"lab\"\n",
        ),
        &pool(
            "spec:\n  supercluster: lab\n  rollout: {\n    paused: true,\n    canary: { nodes: 1, soak: 1h },\n  } # slow\n",
        ),
    );
    // A comment between is about what stands beside it.
    becomes(
        &pool("spec: {\n  nodes: {}, # none\n  supercluster: lab }\n"),
        &pool("spec: {\n  nodes: {}, # none\n  supercluster: lab }\n"),
    );
    becomes(
        &pool("spec: { nodes: { racks: \"a1,a2\" }, supercluster: 'a b' }\n"),
        &pool("spec: { supercluster: 'a b', nodes: { racks: \"a[1-2]\" } }\n"),
    );
    // JSON inside.
    becomes(
        &pool("spec: {\"nodes\":{\"racks\":\"a1,a2\"},\"supercluster\":\"lab\"}\n"),
        &pool("spec: {\"supercluster\":\"lab\",\"nodes\":{\"racks\":\"a[1-2]\"}}\n"),
    );
}

#[test]
fn lists_labels_and_unknown_fields_keep_their_order() {
    for same in [
        "spec:\n  host:\n    kernelArguments:\n    - b=1\n    - a=1\n    modules: [ zfs, nvidia_fs ]\n",
        "metadata: { labels: { z: ab, a: bc } }\nspec:\n  host:\n    sysctls:\n      vm.swappiness: \"1\"\n      fs.aio-max-nr: \"1\"\n",
        "metadata: { finalizers: [ x ], name: ab }\nspecs: { nodes: 1, gpu: 2, fabrics: 3 }\n",
        "spec: { storage: [ { tier: zz }, { tier: aa } ] }\n",
    ] {
        becomes(&pool(same), &pool(same));
    }
}

#[test]
fn a_power_that_reaches_hosts_stays_as_it_is() {
    let same = pool("spec: { gpu: { powerLimit: 1000W } }\n");
    becomes(&same, &same);
}

#[test]
fn what_cannot_be_treated_safely_is_left_and_said() {
    stays(&pool("metadata: &m { name: a }\nspec: {}\n"), &[Reason::Indirect]);
    stays(
        &format!("kind: !!str GPUPool\n{}", POOL.lines().next().unwrap()),
        &[Reason::Indirect],
    );
    stays(
        &format!("kind: GPUPool\n{POOL}"),
        &[Reason::Finding("key `kind` stands twice in one map".to_owned())],
    );
    stays(
        &format!("metadata: {{ name: no }}\n{POOL}"),
        &[Reason::Finding(
            "YAML 1.1 and YAML 1.2 read `no` differently".to_owned(),
        )],
    );
    stays(
        &format!("? kind\n: GPUPool\n{}", POOL.lines().next().unwrap()),
        &[Reason::Shape],
    );
    stays(
        &format!("---\n{{ kind: GPUPool, apiVersion: {GROUP}/v1alpha1 }}\n"),
        &[Reason::Braces],
    );
    let list = "apiVersion: v1\nkind: List\nitems:\n- kind: GPUPool\n  apiVersion: rackwright.dev/v1alpha1\n";
    stays(list, &[Reason::Nested]);
    stays(
        &format!("  kind: GPUPool\n  apiVersion: {GROUP}/v1alpha1\n"),
        &[Reason::Nested],
    );
    stays(
        &format!(
            "# {{{{ if .Values.pool }}}}\nkind: GPUPool\napiVersion: {GROUP}/v1alpha1\n# {{{{ end }}}}\n"
        ),
        &[Reason::Template],
    );
    let broken = formatted(&format!(
        "kind: GPUPool\napiVersion: {GROUP}/v1alpha1\n---\na: [\n---\nkind: GPUPool\napiVersion: {GROUP}/v1alpha1\n"
    ));
    assert_eq!(broken.left.len(), 1, "{broken:?}");
    assert!(
        broken.left[0].reason.is_finding() && broken.left[0].position.line > 2,
        "{broken:?}"
    );
}

#[test]
fn what_is_not_ours_is_not_looked_at() {
    for text in [
        "kind: Secret\napiVersion: v1\n",
        "kind: Secret\nmetadata: { annotations: { b: rackwright.dev/x, a: b } }\napiVersion: v1\n",
        "{\"kind\":\"GPUPool\",\"apiVersion\":\"rackwright.dev/v1alpha1\"}\n",
        "spec: {}\nkind: NodeConfig\napiVersion: rackwright.dev/v1alpha1\n",
        "",
        "rackwright.dev",
        "- rackwright.dev\n",
    ] {
        assert_eq!(formatted(text).text, None, "{text}");
    }
    assert_eq!(
        Formatter::default()
            .format_bytes(b"\xff rackwright.dev")
            .left
            .len(),
        1
    );
    assert_eq!(Formatter::default().format_bytes(b"\xff"), Formatted::default());
}

/// No pass over the text for each document or each key.
#[test]
#[expect(clippy::disallowed_methods, reason = "a ratio of two times is what is tested")]
fn a_long_text_takes_as_long_as_its_length_says() {
    let documents = |number: usize| {
        let one = "---\nkind: GPUPool # a\napiVersion: rackwright.dev/v1alpha1\nspec:\n  nodes: { racks: \"a1,a2\" }\n  supercluster: \"lab\"\n";
        one.repeat(number)
    };
    let labels = |number: usize| {
        let labels: Vec<String> = (0..number)
            .map(|at| format!("    l{at}: \"v{at}\" # {at}\n"))
            .collect();
        let labels = labels.concat();
        format!("kind: GPUPool\nmetadata:\n  labels:\n{labels}apiVersion: rackwright.dev/v1alpha1\n")
    };
    let formatter = Formatter::default();
    let time = |text: &str| {
        let begin = std::time::Instant::now();
        assert!(formatter.format(text).text.is_some());
        begin.elapsed()
    };
    for (what, few, many) in [
        ("documents", documents(500), documents(5_000)),
        ("labels", labels(3_000), labels(30_000)),
    ] {
        time(&few);
        let (few, many) = (time(&few), time(&many));
        assert!(many < few * 40, "{what}: {few:?}, ten times as many {many:?}");
    }
}

/// Whoever writes is not trusted: what came of it is read again, and compared.
#[test]
fn what_is_written_is_compared_with_what_was_read() {
    let text = pool("metadata: { name: a } # why\nspec: { supercluster: lab, nodes: { racks: a1 } }\n");
    let (_, read) = parsed(&text);
    let is_same = |written: &str| {
        let mut found = found(&text, &read);
        let same = Formatter::default().is_same(&mut found, (&text, &read), written);
        (same, found[0].left.clone())
    };
    assert_eq!(is_same(&text), (true, None));
    assert_eq!(
        is_same(&text.replace("racks: a1", "racks: \"a1\"")),
        (true, None),
        "another spelling"
    );
    let marked = Some(Reason::Meaning);
    assert_eq!(is_same(&text.replace("racks: a1", "racks: a2")), (false, marked));
    for written in [
        text.replace(" # why", ""),
        format!("{text}---\n{text}"),
        format!("{text}nodes: [\n"),
    ] {
        assert_eq!(is_same(&written), (false, None), "{written}");
    }
}
