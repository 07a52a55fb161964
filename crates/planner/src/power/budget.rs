//! A budget: what is given, and what of it may be used.

use std::fmt;

/// Power that is given for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What is given, in watts.
    pub watts: u64,
    /// Percent of it that is not used.
    pub derating_percent: u8,
    /// Watts that are kept free after that.
    pub reserve: u64,
}

impl Budget {
    /// Takes over what a document says.
    pub(crate) fn new(
        budget: &rackwright_api::Power,
        derating_percent: Option<u8>,
        reserve: Option<&rackwright_api::Power>,
    ) -> Self {
        Self {
            watts: budget.watts().0,
            derating_percent: derating_percent.unwrap_or_default(),
            reserve: reserve.map_or(0, |reserve| reserve.watts().0),
        }
    }

    /// What may be drawn, in watts, rounded down.
    pub fn usable(&self) -> u64 {
        let share = u128::from(100u8.saturating_sub(self.derating_percent));
        let derated = u128::from(self.watts) * share / 100;
        // Not more than the budget itself, which is 64 bits.
        (derated as u64).saturating_sub(self.reserve)
    }
}

/// `2400 kW - 10 % derating - 60 kW reserve = 2100 kW`, or the budget alone.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.watts))?;
        if self.derating_percent > 0 {
            write!(f, " - {} % derating", self.derating_percent)?;
        }
        if self.reserve > 0 {
            write!(f, " - {} reserve", shown(self.reserve))?;
        }
        if self.derating_percent > 0 || self.reserve > 0 {
            write!(f, " = {}", shown(self.usable()))?;
        }
        Ok(())
    }
}

/// Watts as people read them, exact: `950 W`, `57.2 kW`, `120.5 MW`.
pub fn shown(watts: u64) -> String {
    let (unit, name, digits) = match watts {
        0..1_000 => return format!("{watts} W"),
        1_000..10_000_000 => (1_000, "kW", 3),
        _ => (1_000_000, "MW", 6),
    };
    let (whole, rest) = (watts / unit, watts % unit);
    let fraction = format!("{rest:0digits$}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} {name}"),
        fraction => format!("{whole}.{fraction} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watts_are_shown_exactly() {
        for (watts, text) in [
            (0, "0 W"),
            (999, "999 W"),
            (1_000, "1 kW"),
            (57_200, "57.2 kW"),
            (14_301, "14.301 kW"),
            (9_999_999, "9999.999 kW"),
            (10_000_000, "10 MW"),
            (1_020_000_050, "1020.00005 MW"),
        ] {
            assert_eq!(shown(watts), text);
        }
    }

    #[test]
    fn derating_comes_before_the_reserve() {
        for (watts, derating_percent, reserve, usable, text) in [
            (2_400_000, 0, 0, 2_400_000, "2400 kW"),
            (
                2_400_000,
                10,
                60_000,
                2_100_000,
                "2400 kW - 10 % derating - 60 kW reserve = 2100 kW",
            ),
            (99, 50, 0, 49, "99 W - 50 % derating = 49 W"),
            (1_000, 0, 2_000, 0, "1 kW - 2 kW reserve = 0 W"),
            (
                u64::MAX,
                50,
                0,
                u64::MAX / 2,
                "18446744073709.551615 MW - 50 % derating = 9223372036854.775807 MW",
            ),
        ] {
            let budget = Budget {
                watts,
                derating_percent,
                reserve,
            };
            assert_eq!((budget.usable(), budget.to_string().as_str()), (usable, text));
        }
    }
}
