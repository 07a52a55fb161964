//! Head-room in the summary of a plan: each power budget, what is drawn of it, and what is left.

use rackwright_planner::power::{Budget, Envelope, Level, shown};
use schemars::JsonSchema;
use serde::Serialize;

/// Lines of the text; `--output json` has all.
const SHOWN: usize = 12;

/// A budget and what is drawn of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PowerSummary {
    /// The site.
    pub supercluster: String,
    /// `site`, `phase` or `location`.
    pub level: &'static str,
    /// The phase or the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most that is drawn.
    pub draw_watts: u64,
    /// What is given.
    pub budget_watts: u64,
    /// Percent of it that is not used.
    #[serde(skip_serializing_if = "is_zero")]
    pub derating_percent: u8,
    /// What is kept free after that.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserve_watts: u64,
    /// What may be drawn: the budget less derating and reserve.
    pub usable_watts: u64,
    /// Racks that are not counted, because the power of their system is not known.
    pub uncounted_racks: usize,
    /// Fabrics whose switches are not counted, because their number or power is not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncounted_fabrics: usize,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// `; 1 rack not counted`, or nothing.
fn uncounted(number: usize, noun: &str) -> String {
    match number {
        0 => String::new(),
        1 => format!("; 1 {noun} not counted"),
        number => format!("; {number} {noun}s not counted"),
    }
}

impl PowerSummary {
    /// Takes over what the compiler computed.
    pub fn new(envelope: &Envelope) -> Self {
        let (level, name) = match &envelope.level {
            Level::Site => ("site", None),
            Level::Phase(name) => ("phase", Some(name.to_string())),
            Level::Location(name) => ("location", Some(name.to_string())),
        };
        Self {
            supercluster: envelope.supercluster.to_string(),
            level,
            name,
            draw_watts: envelope.draw,
            budget_watts: envelope.budget.watts,
            derating_percent: envelope.budget.derating_percent,
            reserve_watts: envelope.budget.reserve,
            usable_watts: envelope.budget.usable(),
            uncounted_racks: envelope.uncounted,
            uncounted_fabrics: envelope.uncounted_fabrics,
        }
    }

    fn budget(&self) -> Budget {
        Budget {
            watts: self.budget_watts,
            derating_percent: self.derating_percent,
            reserve: self.reserve_watts,
        }
    }

    fn title(&self) -> String {
        match &self.name {
            None => format!("{} {}", self.level, self.supercluster),
            Some(name) => format!("{} {name} of {}", self.level, self.supercluster),
        }
    }
}

/// One line a budget; nothing where there is none.
pub fn text(budgets: &[PowerSummary]) -> String {
    if budgets.is_empty() {
        return String::new();
    }
    let mut out = "\npower at most\n".to_owned();
    let listed = &budgets[..budgets.len().min(SHOWN)];
    let width = listed
        .iter()
        .map(|budget| budget.title().len())
        .max()
        .unwrap_or(0);
    for budget in listed {
        let room = match budget.usable_watts.checked_sub(budget.draw_watts) {
            Some(left) => format!("{} left", shown(left)),
            None => format!("{} too much", shown(budget.draw_watts - budget.usable_watts)),
        };
        let uncounted =
            uncounted(budget.uncounted_racks, "rack") + &uncounted(budget.uncounted_fabrics, "fabric");
        out.push_str(&format!(
            "  {:<width$}  {} of {}, {room}{uncounted}\n",
            budget.title(),
            shown(budget.draw_watts),
            budget.budget()
        ));
    }
    if budgets.len() > SHOWN {
        out.push_str(&format!("  and {} more budgets\n", budgets.len() - SHOWN));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(level: &'static str, name: Option<&str>, draw: u64, uncounted: usize) -> PowerSummary {
        PowerSummary {
            supercluster: "lab".to_owned(),
            level,
            name: name.map(str::to_owned),
            draw_watts: draw,
            budget_watts: 100_000,
            derating_percent: 0,
            reserve_watts: 0,
            usable_watts: 100_000,
            uncounted_racks: uncounted,
            uncounted_fabrics: uncounted / 2,
        }
    }

    #[test]
    fn each_budget_has_a_line() {
        assert_eq!(text(&[]), "");
        let shown = text(&[
            budget("site", None, 57_200, 0),
            budget("location", Some("hall-1"), 114_400, 2),
        ]);
        assert_eq!(
            shown,
            "\npower at most\n  site lab                57.2 kW of 100 kW, 42.8 kW left\n  location hall-1 of lab  114.4 kW of 100 kW, 14.4 kW too much; 2 racks not counted; 1 fabric not counted\n"
        );
    }

    #[test]
    fn derating_and_reserve_are_shown() {
        let derated = PowerSummary {
            derating_percent: 10,
            reserve_watts: 5_000,
            usable_watts: 85_000,
            ..budget("site", None, 57_200, 0)
        };
        assert_eq!(
            text(&[derated]),
            "\npower at most\n  site lab  57.2 kW of 100 kW - 10 % derating - 5 kW reserve = 85 kW, 27.8 kW left\n"
        );
    }

    #[test]
    fn many_budgets_are_cut() {
        let many: Vec<PowerSummary> = (0..20).map(|_| budget("location", Some("row"), 1, 0)).collect();
        let shown = text(&many);
        assert_eq!(shown.lines().count(), 2 + SHOWN + 1);
        assert!(shown.ends_with("  and 8 more budgets\n"), "{shown}");
    }
}
