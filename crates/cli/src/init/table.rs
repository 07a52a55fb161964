//! A table of hosts with a head line, as spreadsheets export it.

use super::{Host, Known};

/// The columns that are looked at, each by its names.
const NAME: &[&str] = &["name", "host", "hostname", "node"];
const RACK: &[&str] = &["rack", "cabinet"];
const SYSTEM: &[&str] = &["system", "model"];

/// Reads a table; commas, semicolons or tabs divide its columns.
pub fn read(text: &str) -> Result<Known, String> {
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let divider = [b'\t', b';']
        .into_iter()
        .find(|divider| head.as_bytes().contains(divider));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(divider.unwrap_or(b','))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |names: &[&str]| {
        let is_one = |title: &str| names.iter().any(|name| title.eq_ignore_ascii_case(name));
        head.iter().position(is_one)
    };
    let Some(name) = column(NAME) else {
        return Err(
            "is none of: Nodes of a cluster (YAML or JSON), slurm.conf, the output of ibnetdiscover, a table whose first line \
             names a column `name` or `host`"
                .to_owned(),
        );
    };
    let (rack, system) = (column(RACK), column(SYSTEM));
    let mut known = Known::default();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).filter(|cell| !cell.is_empty());
        let Some(name) = cell(Some(name)) else { continue };
        known.hosts.push(Host {
            name: name.to_owned(),
            rack: cell(rack).map(str::to_owned),
            system: cell(system).map(str::to_lowercase),
        });
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_titles() {
        let known = read("Rack;Hostname;Owner\nA1;gpu1;x\n;gpu2\n;;\n").unwrap();
        let hosts: Vec<(&str, Option<&str>)> = known
            .hosts
            .iter()
            .map(|host| (host.name.as_str(), host.rack.as_deref()))
            .collect();
        assert_eq!(hosts, [("gpu1", Some("A1")), ("gpu2", None)]);
        assert!(read("a,b\n1,2\n").unwrap_err().contains("slurm.conf"));
    }
}
