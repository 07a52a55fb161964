//! One diagnostic about intents: a stable code, every object involved, a reason and, where one exists, a fix.

use rackwright_manifest::{Path, Rule, Severity, Step};

use crate::input::ObjectRef;

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule that found it: code, severity, documentation.
    pub rule: &'static Rule,
    /// What is wrong, with the names of all parties and the arithmetic.
    pub message: String,
    /// Every object involved; the first is where the finding is shown.
    pub parties: Vec<Party>,
    /// What to do.
    pub help: Option<String>,
}

/// One object's part in a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// The object.
    pub object: ObjectRef,
    /// Where in it.
    pub path: Path,
    /// What stands there, as the label under the source line.
    pub note: String,
    /// The part of a text value that is meant, in bytes of the value.
    pub range: Option<(usize, usize)>,
    /// What should stand there instead, if it is known.
    pub replacement: Option<String>,
    /// Whether an error refuses this object, or only tells it: a fabric is not at fault when a pool of another site
    /// reaches for it.
    pub refused: bool,
}

impl Party {
    /// An object that an error of the rule refuses.
    pub fn new(object: ObjectRef, path: Path, note: impl Into<String>) -> Self {
        Self {
            object,
            path,
            note: note.into(),
            range: None,
            replacement: None,
            refused: true,
        }
    }
}

impl Finding {
    /// A finding of a rule.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            parties: Vec::new(),
            help: None,
        }
    }

    /// Adds an object that is involved.
    #[must_use]
    pub fn party(self, object: ObjectRef, path: Path, note: impl Into<String>) -> Self {
        self.with(Party::new(object, path, note))
    }

    /// Adds an object that is told of the finding and not refused for it.
    #[must_use]
    pub fn told(self, object: ObjectRef, path: Path, note: impl Into<String>) -> Self {
        self.with(Party {
            refused: false,
            ..Party::new(object, path, note)
        })
    }

    /// Adds an object that is involved.
    #[must_use]
    pub fn with(mut self, party: Party) -> Self {
        self.parties.push(party);
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether the finding refuses the objects that it is about.
    pub fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }

    /// The other objects, for one of them.
    pub fn others<'a>(&'a self, object: &'a ObjectRef) -> impl Iterator<Item = &'a ObjectRef> {
        self.parties
            .iter()
            .map(|party| &party.object)
            .filter(move |other| *other != object)
    }
}

/// A path from keys and indices: `at!("spec", "racks", 2, "names")`.
macro_rules! at {
    ($($step:expr),+ $(,)?) => {
        rackwright_manifest::Path::from_steps([$($crate::finding::IntoStep::into_step($step)),+])
    };
}
pub(crate) use at;

/// What [`at!`] takes as a step.
pub(crate) trait IntoStep {
    fn into_step(self) -> Step;
}

impl IntoStep for &str {
    fn into_step(self) -> Step {
        Step::Key(self.to_owned())
    }
}

impl IntoStep for usize {
    fn into_step(self) -> Step {
        Step::Index(self)
    }
}
