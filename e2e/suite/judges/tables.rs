//! The tables of the document: how the server and ours agree, and who finds what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::corpus::{File, Object, Source};
use super::ours::Findings;
use super::peers::Peer;
use super::said::Said;
use super::server::{Answer, Class};
use super::wanted::{WANTED, wanted};

/// An object with what the server and ours say of it.
pub struct Judged {
    pub object: Object,
    pub server: Answer,
    pub ours: Findings,
}

impl Judged {
    /// Whether ours gives another verdict, or names other fields.
    pub fn differs(&self) -> bool {
        let verdict = self.server.class.is_some() != self.ours.refused();
        verdict || (self.with_fields() && !self.same_fields(&self.ours.fields()))
    }

    /// Whether these are the fields that the server names.
    pub fn same_fields(&self, fields: &BTreeSet<&str>) -> bool {
        self.server
            .fields
            .iter()
            .map(String::as_str)
            .eq(fields.iter().copied())
    }

    fn both_refuse(&self) -> bool {
        self.server.class.is_some() && self.ours.refused()
    }

    /// Both refuse it, and the server says for which fields.
    fn with_fields(&self) -> bool {
        self.both_refuse() && !self.server.fields.is_empty()
    }
}

/// A whole file with what ours says of it.
pub struct JudgedFile {
    pub file: File,
    /// Whether the server refuses an object of it.
    pub server: bool,
    pub ours: Findings,
}

/// What the peers say, by the name of the object or file: of what they refuse alone.
pub type Refusals = [BTreeMap<String, Said>; 2];

/// How the server and ours agree, by where the objects come from; and every difference by its name.
pub fn agreement(judged: &[Judged]) -> String {
    let mut table = String::from(
        "| objects | judged | both accept | both refuse | of these: the server names fields | of these: ours names the same | differences |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let rows = Source::ALL.map(|(source, title)| (Some(source), title));
    for (source, title) in rows.into_iter().chain([(None, "**all**")]) {
        let of = |one: &&Judged| source.is_none_or(|source| one.object.source == source);
        let count =
            |holds: &dyn Fn(&Judged) -> bool| judged.iter().filter(of).filter(|one| holds(one)).count();
        let figures = [
            count(&|_| true),
            count(&|one| one.server.class.is_none() && !one.ours.refused()),
            count(&Judged::both_refuse),
            count(&Judged::with_fields),
            count(&|one| one.with_fields() && !one.differs()),
            count(&Judged::differs),
        ];
        writeln!(
            table,
            "| {title} | {} |",
            figures.map(|figure| figure.to_string()).join(" | ")
        )
        .unwrap();
    }
    let mut names: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.differs()) {
        let reason = wanted(one).expect("a difference without a reason fails the test before");
        names.entry(reason).or_default().push(&one.object.name);
    }
    table += "\n| difference | objects | why it is wanted |\n|---|---|---|\n";
    for (at, reason) in WANTED.iter().enumerate() {
        let count = names.get(&at).map_or(0, Vec::len);
        writeln!(table, "| {} | {count} | {} |", reason.title, reason.why).unwrap();
    }
    for (at, names) in names {
        let title = WANTED[at].title;
        write!(
            table,
            "\n<details><summary>{title}: {}</summary>\n\n```text\n",
            names.len()
        )
        .unwrap();
        for name in names {
            writeln!(table, "{}", name.escape_debug().to_string().replace("\\\"", "\"")).unwrap();
        }
        table += "```\n\n</details>\n";
    }
    table
}

/// Mistakes by the server's words.
const CLASSES: [(Class, &str); 12] = [
    (Class::Syntax, "YAML or JSON that cannot be read"),
    (Class::Kind, "`apiVersion` or `kind`"),
    (Class::DuplicateKey, "key twice in one map"),
    (Class::UnknownField, "unknown field"),
    (Class::Metadata, "metadata: names, labels, types"),
    (Class::Type, "wrong type"),
    (Class::Required, "missing field"),
    (Class::Enum, "not one of the values allowed"),
    (Class::Bound, "too long, too short, too many, out of range"),
    (Class::Pattern, "pattern not met"),
    (Class::DuplicateItem, "item twice in a set, or key in a list"),
    (Class::Cel, "CEL rule not met"),
];

/// Mistakes that no single object shows, by the codes of ours.
const BEYOND: [(&str, &str); 7] = [
    ("RW0101", "the same object twice"),
    ("RW0103", "number that the schema takes and nothing can hold"),
    ("RW2", "across objects: references, membership, hardware"),
    ("RW3", "across objects: allocation of addresses, keys and seats"),
    ("RW4", "across objects: power"),
    ("RW5", "across objects: storage and hosts"),
    (
        "RW00",
        "text that readers take for something else, and what else one file can have",
    ),
];

struct Row {
    title: String,
    /// How many there are, and how many server, ours and the peers refuse.
    figures: [usize; 5],
}

impl Row {
    fn line(&self) -> String {
        let Self {
            title,
            figures: [all, found @ ..],
        } = self;
        let share = |found: &usize| match *all {
            0 => "-".to_owned(),
            all => format!("{found} ({:.0} %)", 100.0 * *found as f64 / all as f64),
        };
        format!(
            "| {title} | {all} | {} |",
            found.iter().map(share).collect::<Vec<_>>().join(" | ")
        )
    }
}

/// Who finds what, and what false alarms there are.
pub fn who_finds_what(
    judged: &[Judged],
    files: &[JudgedFile],
    objects: &Refusals,
    whole: &Refusals,
) -> String {
    let mut table = format!(
        "| mistake | with it | API server | rackwright | {} |\n|---|---|---|---|---|---|\n",
        Peer::ALL
            .map(|peer| format!("{} {}", peer.name(), peer.version()))
            .join(" | ")
    );
    let by_object = |title: &str, of: &dyn Fn(&Judged) -> bool| {
        let mut figures = [0; 5];
        for (at, one) in judged.iter().enumerate().filter(|(_, one)| of(one)) {
            let refused = |peer: usize| objects[peer].contains_key(&at.to_string());
            add(
                &mut figures,
                [
                    one.server.class.is_some(),
                    one.ours.refused(),
                    refused(0),
                    refused(1),
                ],
            );
        }
        Row {
            title: title.to_owned(),
            figures,
        }
    };
    let by_file = |title: &str, of: &dyn Fn(&File) -> bool| {
        let mut figures = [0; 5];
        for (at, one) in files.iter().enumerate().filter(|(_, one)| of(&one.file)) {
            let refused = |peer: usize| whole[peer].contains_key(&at.to_string());
            let ours = !one.ours.all.is_empty() || one.ours.unusable.is_some();
            add(&mut figures, [one.server, ours, refused(0), refused(1)]);
        }
        Row {
            title: title.to_owned(),
            figures,
        }
    };
    for (class, title) in CLASSES {
        table += &by_object(title, &|one| one.server.class == Some(class)).line();
        table.push('\n');
    }
    for (code, title) in BEYOND {
        table += &by_file(title, &|file| family(file) == Some(code)).line();
        table.push('\n');
    }
    table += "\n| refused though it is right | judged | API server | rackwright | kubeconform | kubectl-validate |\n|---|---|---|---|---|---|\n";
    let right = by_file(
        "examples and what rules' pages show as accepted, whole files",
        &|file| file.mistake.is_none(),
    );
    let accepted = by_object(
        "objects that the server accepts (ours: schema, CEL and reading alone)",
        &|one| one.server.class.is_none(),
    );
    for row in [right, accepted] {
        table += &row.line();
        table.push('\n');
    }
    table + &leads(judged, objects)
}

fn add(figures: &mut [usize; 5], refused: [bool; 4]) {
    figures[0] += 1;
    for (figure, refused) in figures[1..].iter_mut().zip(refused) {
        *figure += usize::from(refused);
    }
}

/// The row of a file's mistake; none for what the server sees object by object.
fn family(file: &File) -> Option<&'static str> {
    let code = file.mistake.as_deref()?;
    BEYOND
        .iter()
        .map(|(family, _)| *family)
        .find(|family| code.starts_with(family))
}

/// Of the objects that the server refuses for a field: how many of a validator's refusals lead there.
fn leads(judged: &[Judged], peers: &Refusals) -> String {
    let mut table = String::from(
        "\n| of what each refuses with the server | refused | names a field that the server names | says the line | says line and column |\n|---|---|---|---|---|\n",
    );
    let with_fields = || judged.iter().enumerate().filter(|(_, one)| one.with_fields());
    let mut row = |name: &str, figures: [usize; 4]| {
        let [all, shares @ ..] = figures;
        let shares = shares.map(|figure| format!("{:.0} %", 100.0 * figure as f64 / all.max(1) as f64));
        writeln!(table, "| {name} | {all} | {} |", shares.join(" | ")).unwrap();
    };
    let ours = |holds: &dyn Fn(&Judged) -> bool| with_fields().filter(|(_, one)| holds(one)).count();
    let placed = ours(&|one| one.ours.placed);
    row(
        "rackwright",
        [
            ours(&|_| true),
            ours(&|one| one.ours.said.names(&one.server.fields)),
            placed,
            placed,
        ],
    );
    for (peer, refusals) in Peer::ALL.into_iter().zip(peers) {
        let said = || with_fields().filter_map(|(at, one)| Some((one, refusals.get(&at.to_string())?)));
        let names = said()
            .filter(|(one, said)| said.names(&one.server.fields))
            .count();
        let says = |word| said().filter(|(_, said)| said.numbers(word)).count();
        row(
            peer.name(),
            [said().count(), names, says("line "), says("column ")],
        );
    }
    table
}
