//! `FORM` or `FORM=FILE`: a form and where it goes.

use std::ffi::OsStr;
use std::io::Write;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error, ValueEnum};

use super::Form;
use crate::output::{Out, forgive_broken_pipe};
use crate::verbs::VerbError;
use crate::whole_file;

/// A form and the file that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<F = Form> {
    /// The form.
    pub form: F,
    /// The file; standard output without one.
    pub file: Option<PathBuf>,
}

impl<F> Target<F> {
    /// Prints the text where it belongs: a file is there whole or not at all.
    pub fn print(&self, text: &str, out: &mut Out) -> Result<(), VerbError> {
        match &self.file {
            None => Ok(forgive_broken_pipe(
                out.write_all(text.as_bytes()).and_then(|()| out.flush()),
            )?),
            Some(file) => whole_file::write(file, text.as_bytes()).map_err(|error| VerbError::File {
                path: file.display().to_string(),
                error,
            }),
        }
    }
}

/// Reads a [`Target`] from the command line.
#[derive(Debug)]
pub struct TargetParser<F>(PhantomData<F>);

impl<F> TargetParser<F> {
    /// The parser of a form.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F> Clone for TargetParser<F> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<F: ValueEnum + Send + Sync + 'static> TypedValueParser for TargetParser<F> {
    type Value = Target<F>;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Target<F>, Error> {
        let (form, file) = match value.to_str().and_then(|text| text.split_once('=')) {
            Some((form, file)) => (OsStr::new(form), Some(file)),
            None => (value, None),
        };
        let form = EnumValueParser::<F>::new().parse_ref(command, argument, form)?;
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
        let values: Vec<PossibleValue> = EnumValueParser::<F>::new().possible_values()?.collect();
        Some(Box::new(values.into_iter()))
    }
}

/// Two targets at one place, in the user's words: one would stand behind, or in the place of, the other.
pub fn collision<F>(targets: &[Target<F>]) -> Option<String> {
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
