//! Files of many lines, in blocks of whole lines that all cores work on.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use rayon::prelude::*;

/// Bytes of lines that are worked on together.
pub const BLOCK: usize = 8 << 20;

/// Reads a file: `judge` sees each line by itself, on any core; `take` gets the lines and what came of them in their
/// order, until it fails.
pub fn each_line<T: Send, E: From<io::Error>>(
    file: File,
    judge: impl Fn(&[u8]) -> T + Sync,
    mut take: impl FnMut(&[u8], T) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut block = Vec::new();
    loop {
        block.clear();
        reader.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(());
        }
        if block.last() != Some(&b'\n') {
            reader.read_until(b'\n', &mut block)?;
        }
        let lines = lines(&block)?;
        let judged: Vec<T> = lines.par_iter().map(|line| judge(line)).collect();
        for (line, judged) in lines.into_iter().zip(judged) {
            take(line, judged)?;
        }
    }
}

/// Splits a block. `skip_until` looks at a word of bytes at a time, the splitting of slices at each byte.
fn lines(block: &[u8]) -> io::Result<Vec<&[u8]>> {
    let (mut lines, mut rest) = (Vec::new(), block);
    while !rest.is_empty() {
        let from_here = rest;
        let line = &from_here[..rest.skip_until(b'\n')?];
        lines.push(line.strip_suffix(b"\n").unwrap_or(line));
    }
    Ok(lines)
}
