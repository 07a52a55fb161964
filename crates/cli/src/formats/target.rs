//! `FORM` or `FORM=FILE`: a form and where it goes.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

use super::Form;

/// A form and the file that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The form.
    pub form: Form,
    /// The file; standard output without one.
    pub file: Option<PathBuf>,
}

/// Reads a [`Target`] from the command line.
#[derive(Debug, Clone, Copy)]
pub struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Target, Error> {
        let (form, file) = match value.to_str().and_then(|text| text.split_once('=')) {
            Some((form, file)) => (OsStr::new(form), Some(file)),
            None => (value, None),
        };
        let form = EnumValueParser::<Form>::new().parse_ref(command, argument, form)?;
        match file {
            Some("") => {
                let message = "the file behind `=` has no name; leave the `=` out for standard output";
                Err(Error::raw(ErrorKind::ValueValidation, format!("{message}\n")).with_cmd(command))
            }
            file => Ok(Target {
                form,
                file: file.map(PathBuf::from),
            }),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // The box outlives the parser that it would otherwise borrow from.
        let values: Vec<PossibleValue> = EnumValueParser::<Form>::new().possible_values()?.collect();
        Some(Box::new(values.into_iter()))
    }
}

/// Two targets at one place, in the user's words: one would stand behind, or in the place of, the other.
pub fn collision(targets: &[Target]) -> Option<String> {
    targets.iter().enumerate().find_map(|(at, target)| {
        let twice = targets.iter().take(at).any(|before| before.file == target.file);
        twice.then(|| match &target.file {
            Some(file) => format!(
                "--output names {} twice; give each form a file of its own",
                file.display()
            ),
            None => {
                "--output names two forms for standard output; send one of them to a file: --output FORM=FILE"
                    .to_owned()
            }
        })
    })
}
