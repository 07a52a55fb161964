//! How a saved plan is laid out: objects that stand one a line, and what stands before them.

use std::borrow::Cow;

use rackwright_planner::change::Lines;

use super::{Form, Previous};
use crate::walk::InputError;

/// How one value of the version that is known begins.
const ENVELOPE: &str = "{\"formatVersion\":1,";

impl Previous {
    /// The objects, where they stand one a line.
    pub fn lines(&self) -> Result<Option<Lines<'_>>, InputError> {
        match self.form {
            Form::Lines => Ok(Some(Lines::new(self.text()?))),
            Form::Envelope => Ok(self.listed()?.map(|(_, lines)| lines)),
            Form::List => Ok(None),
        }
    }

    /// The same of one value as we print it, and what stands before the objects.
    fn listed(&self) -> Result<Option<(&str, Lines<'_>)>, InputError> {
        let text = self.text()?;
        let known = text.starts_with(ENVELOPE);
        Ok(known.then(|| Lines::listed(text)).flatten())
    }

    /// A saved plan without its objects, where they are all laid out as we print them, else with them; none of other forms.
    pub fn head(&self) -> Result<Option<Cow<'_, str>>, InputError> {
        if self.form != Form::Envelope {
            return Ok(None);
        }
        Ok(Some(match self.listed()? {
            Some((head, _)) => Cow::Owned(format!("{head}]}}")),
            None => Cow::Borrowed(self.text()?),
        }))
    }
}
