//! Head-room in the summary of a plan: each power budget, what is drawn of it, and what is left.

use rackwright_planner::power::{Envelope, Level, shown};
use serde::Serialize;

/// Lines of the text; `--output json` has all.
const SHOWN: usize = 12;

/// A budget and what is drawn of it.
#[derive(Debug, Serialize)]
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
    /// What may be drawn.
    pub budget_watts: u64,
    /// Racks that are not counted, because the power of their system is not known.
    pub uncounted_racks: usize,
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
            budget_watts: envelope.budget,
            uncounted_racks: envelope.uncounted,
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
        let room = match budget.budget_watts.checked_sub(budget.draw_watts) {
            Some(left) => format!("{} left", shown(left)),
            None => format!("{} too much", shown(budget.draw_watts - budget.budget_watts)),
        };
        let uncounted = match budget.uncounted_racks {
            0 => String::new(),
            1 => "; 1 rack not counted".to_owned(),
            racks => format!("; {racks} racks not counted"),
        };
        out.push_str(&format!(
            "  {:<width$}  {} of {}, {room}{uncounted}\n",
            budget.title(),
            shown(budget.draw_watts),
            shown(budget.budget_watts)
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
            uncounted_racks: uncounted,
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
            "\npower at most\n  site lab                57.2 kW of 100 kW, 42.8 kW left\n  location hall-1 of lab  114.4 kW of 100 kW, 14.4 kW too much; 2 racks not counted\n"
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
