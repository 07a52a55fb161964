//! Files of many lines, in blocks of whole lines that all cores work on.

use std::io::{self, Read};

use rayon::prelude::*;

/// Bytes that are worked on together. They stay in the cache of a core.
pub const BLOCK: usize = 1 << 20;

/// Reads a file or a text: `judge` sees each line by itself, on any core; `take` gets the lines and what came of them in their
/// order, until it fails.
pub fn each_line<T: Send, E: From<io::Error>>(
    mut input: impl Read,
    judge: impl Fn(&[u8]) -> T + Sync,
    mut take: impl FnMut(&[u8], T) -> Result<(), E>,
) -> Result<(), E> {
    let (mut block, mut judged) = (Vec::with_capacity(2 * BLOCK), Vec::new());
    loop {
        let start = block.len();
        let read = (&mut input).take(BLOCK as u64).read_to_end(&mut block)?;
        let last = memchr::memrchr(b'\n', &block[start..]);
        let whole = match last {
            // The last line may end without a line feed.
            _ if read == 0 => block.len(),
            Some(last) => start + last + 1,
            None => 0,
        };
        let lines = lines(&block[..whole]);
        let judging = lines.par_iter().map(|line| judge(line));
        judging.collect_into_vec(&mut judged);
        for (line, judged) in lines.into_iter().zip(judged.drain(..)) {
            take(line, judged)?;
        }
        if read == 0 {
            return Ok(());
        }
        block.drain(..whole);
    }
}

/// Splits a block.
fn lines(block: &[u8]) -> Vec<&[u8]> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block);
    let mut lines: Vec<_> = ends
        .map(|end| &block[std::mem::replace(&mut start, end + 1)..end])
        .collect();
    if start < block.len() {
        lines.push(&block[start..]);
    }
    lines
}
