//! The ways in which a link breaks, as data.

/// A link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// What the intents compile to against what is written.
    SpecToWritten,
    /// What is written against what the host applied.
    WrittenToApplied,
    /// What the host applied against what was seen there since.
    AppliedToObserved,
}

impl Link {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [
        Self::SpecToWritten,
        Self::WrittenToApplied,
        Self::AppliedToObserved,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SpecToWritten => "spec -> written",
            Self::WrittenToApplied => "written -> applied",
            Self::AppliedToObserved => "applied -> observed",
        }
    }
}

/// How a link breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// There is no NodeConfig yet.
    NotWritten,
    /// The NodeConfig is not what the intents compile to.
    Behind,
    /// The NodeConfig contradicts itself: its hash is not that of its facts under its profile.
    Edited,
    /// The NodeProfile is not there.
    NoProfile,
    /// The NodeProfile is not the one that its name says.
    EditedProfile,
    /// The pool does not hold the node any more, and the NodeConfig is not detached yet.
    NotLetGo,
    /// The pool is refused, so the node keeps what it has.
    Kept,
    /// Another pool has the node, and cannot let it go because it is refused.
    Blocked,
    /// No pool that is there speaks for the node.
    Orphan,
    /// The NodeConfig carries no pool's label.
    NoPool,
    /// No agent has ever reported.
    NeverReported,
    /// The status speaks of another generation than the stored one.
    OtherGeneration,
    /// This version cannot read the status.
    UnreadableStatus,
    /// The status says `Applied`, and another hash.
    Contradicts,
    /// The node waits for a grant.
    NoGrant,
    /// The node waits: its grant is for another configuration.
    OtherGrant,
    /// The node has its grant and has not begun.
    Granted,
    /// The node works on it.
    Applying,
    /// The node went back to its last good configuration.
    RolledBack,
    /// The node failed, and needs a person.
    Failed,
    /// The host is not what was applied.
    ChangedOnHost,
}

impl Break {
    /// All of them, in the order of the links.
    pub const ALL: [Self; 21] = [
        Self::NotWritten,
        Self::Behind,
        Self::Edited,
        Self::NoProfile,
        Self::EditedProfile,
        Self::NotLetGo,
        Self::Kept,
        Self::Blocked,
        Self::Orphan,
        Self::NoPool,
        Self::NeverReported,
        Self::OtherGeneration,
        Self::UnreadableStatus,
        Self::Contradicts,
        Self::NoGrant,
        Self::OtherGrant,
        Self::Granted,
        Self::Applying,
        Self::RolledBack,
        Self::Failed,
        Self::ChangedOnHost,
    ];

    /// The link, whether anybody knows that it is broken, and what that means, in words.
    const fn row(self) -> (Link, bool, &'static str) {
        use Link::{AppliedToObserved, SpecToWritten, WrittenToApplied};
        match self {
            Self::NotWritten => (SpecToWritten, true, "no NodeConfig yet"),
            Self::Behind => (
                SpecToWritten,
                true,
                "the NodeConfig is not what the intents compile to",
            ),
            Self::Edited => (
                SpecToWritten,
                true,
                "the NodeConfig was edited by hand: its hash is not that of its facts under its profile",
            ),
            Self::NoProfile => (SpecToWritten, true, "the NodeProfile is not there"),
            Self::EditedProfile => (
                SpecToWritten,
                true,
                "the NodeProfile was made anew by hand: it is not the one that its name says",
            ),
            Self::NotLetGo => (
                SpecToWritten,
                true,
                "the pool does not hold the node any more, and the NodeConfig is not detached yet",
            ),
            Self::Kept => (
                SpecToWritten,
                true,
                "the pool is refused: the node keeps what it has",
            ),
            Self::Blocked => (
                SpecToWritten,
                true,
                "another pool has the node, and cannot let it go because it is refused",
            ),
            Self::Orphan => (
                SpecToWritten,
                true,
                "no pool that is there speaks for the node: it stays as it is",
            ),
            Self::NoPool => (
                SpecToWritten,
                true,
                "the NodeConfig carries no pool's label: it is nobody's",
            ),
            Self::NeverReported => (WrittenToApplied, false, "no agent has ever reported"),
            Self::OtherGeneration => (
                WrittenToApplied,
                false,
                "the status speaks of another generation than the stored one: the agent has not looked at this one",
            ),
            Self::UnreadableStatus => (
                WrittenToApplied,
                false,
                "the status cannot be read by this version",
            ),
            Self::Contradicts => (
                WrittenToApplied,
                false,
                "the status says Applied, and not the hash that is written",
            ),
            Self::NoGrant => (WrittenToApplied, true, "waits for a grant"),
            Self::OtherGrant => (
                WrittenToApplied,
                true,
                "waits: its grant is for another configuration",
            ),
            Self::Granted => (WrittenToApplied, true, "has its grant, and has not begun"),
            Self::Applying => (WrittenToApplied, true, "is at work on it"),
            Self::RolledBack => (WrittenToApplied, true, "went back to its last good configuration"),
            Self::Failed => (WrittenToApplied, true, "failed, and needs a person"),
            Self::ChangedOnHost => (
                AppliedToObserved,
                true,
                "the host is not what was applied: somebody else changed it",
            ),
        }
    }

    /// Which link it breaks.
    pub const fn link(self) -> Link {
        self.row().0
    }

    /// Whether the link is known to be broken. Of the others nobody knows whether it holds.
    pub const fn is_known(self) -> bool {
        self.row().1
    }

    /// What it means, in words.
    pub const fn words(self) -> &'static str {
        self.row().2
    }
}
