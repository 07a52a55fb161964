//! Texts and what they stand for, one row each.

#![allow(
    clippy::panic,
    reason = "allowed in tests; clippy sees only the test functions themselves as such"
)]

use rackwright_hostset::{ErrorKind, HostSet, Hostlist, Limits, MAX_NAME_LEN, expand};

fn names(text: &str) -> Vec<String> {
    expand(text, &Limits::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn expands_in_written_order() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \t\n", &[]),
        ("login", &["login"]),
        ("n[1-3]", &["n1", "n2", "n3"]),
        ("n[08-11]", &["n08", "n09", "n10", "n11"]),
        ("n[8-11]", &["n8", "n9", "n10", "n11"]),
        ("n[098-101,5]", &["n098", "n099", "n100", "n101", "n5"]),
        ("n[3,1,01]", &["n3", "n1", "n01"]),
        ("n[0-10/4]", &["n0", "n4", "n8"]),
        ("n[00-10/05]", &["n00", "n05", "n10"]),
        ("n[0-10/20]", &["n0"]),
        ("n[7-7/3]", &["n7"]),
        (
            "r[1-2]n[01-02]-ib[0-1]",
            &[
                "r1n01-ib0",
                "r1n01-ib1",
                "r1n02-ib0",
                "r1n02-ib1",
                "r2n01-ib0",
                "r2n01-ib1",
                "r2n02-ib0",
                "r2n02-ib1",
            ],
        ),
        ("b3,a[2-1000/998]", &["b3", "a2", "a1000"]),
        (" a[1-2] ,\n b3\t", &["a1", "a2", "b3"]),
        ("n[1-2].lab-x_y", &["n1.lab-x_y", "n2.lab-x_y"]),
        ("[1-2]a", &["1a", "2a"]),
        ("n5[1-2]", &["n51", "n52"]),
        ("n0[1-2]", &["n01", "n02"]),
        ("n1[90,10-11]", &["n190", "n110", "n111"]),
        ("n[8-9]0", &["n80", "n90"]),
        (
            "n[999999999999999998-999999999999999999]",
            &["n999999999999999998", "n999999999999999999"],
        ),
        (
            "n123456789012345678901234567890",
            &["n123456789012345678901234567890"],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(names(text), *expected, "{text:?}");
        let list = Hostlist::parse(text, &Limits::default()).unwrap();
        assert_eq!(list.count(), expected.len() as u64, "{text:?}");
        let mut visited = Vec::new();
        list.for_each(|name| visited.push(name.to_owned()));
        assert_eq!(visited, *expected, "{text:?}");
    }
}

/// `text`, with the refused part between `<` and `>`, and the message.
const REFUSED: &[(&str, &str)] = &[
    ("a,<,>b", "a name is missing beside this comma: remove the comma"),
    ("a,b<,>", "a name is missing beside this comma: remove the comma"),
    ("<,>a", "a name is missing beside this comma: remove the comma"),
    ("a< >b", "white space between names: separate names with a comma"),
    (
        "n<  >[1-3]",
        "white space between names: separate names with a comma",
    ),
    (
        "a,<@>rack1",
        "`@` groups are not read here: write the names of the group",
    ),
    ("n<*>", "`*` wildcards are not read here: write the names"),
    (
        "a<!>b",
        "the set operator `!` is not read here: write the resulting names",
    ),
    (
        "nod<é>[1-2]",
        "'é' cannot be in a name: names hold ASCII letters, digits, `-`, `_` and `.`",
    ),
    (
        "a</>b",
        "'/' cannot be in a name: names hold ASCII letters, digits, `-`, `_` and `.`",
    ),
    (
        "n<[>1-3",
        "this `[` is never closed: add `]` after its last number",
    ),
    (
        "n<[>1-",
        "this `[` is never closed: add `]` after its last number",
    ),
    ("n<]>", "this `]` closes nothing: add `[` before its first number"),
    (
        "n[1-3]<]>",
        "this `]` closes nothing: add `[` before its first number",
    ),
    (
        "n[<[>1-3]]",
        "brackets cannot hold brackets: close the first with `]`",
    ),
    (
        "a[1-2]<[>3-4]",
        "only digits between two brackets, which ClusterShell refuses: list the numbers in one bracket",
    ),
    (
        "a[1-2]5<[>3-4]",
        "only digits between two brackets, which ClusterShell refuses: list the numbers in one bracket",
    ),
    ("n[<>]", "a number is missing here"),
    ("n[1,<>]", "a number is missing here"),
    ("n[1-<>]", "a number is missing here"),
    ("n[1-5/<>]", "a number is missing here"),
    (
        "n[1,< >5]",
        "white space in brackets, which Slurm counts as padding: remove it",
    ),
    (
        "n[1< >-5]",
        "white space in brackets, which Slurm counts as padding: remove it",
    ),
    (
        "n[<->1]",
        "'-' is not a number: brackets hold numbers and ranges, such as `[1-4,7]` or `[0-10/2]`",
    ),
    (
        "n[1-2<->3]",
        "'-' is not a number: brackets hold numbers and ranges, such as `[1-4,7]` or `[0-10/2]`",
    ),
    (
        "n[<１>-2]",
        "'１' is not a number: brackets hold numbers and ranges, such as `[1-4,7]` or `[0-10/2]`",
    ),
    (
        "n[<1234567890123456789>]",
        "numbers in brackets have at most 18 digits",
    ),
    (
        "n[<01-100>]",
        "`01` and `100` are padded differently: write `001-100` for padded numbers or `1-100` for plain ones",
    ),
    (
        "n[<1-010>]",
        "`1` and `010` are padded differently: write `001-010` for padded numbers or `1-10` for plain ones",
    ),
    (
        "n[<0-00>]",
        "`0` and `00` are padded differently: write `00-00` for padded numbers or `0-0` for plain ones",
    ),
    ("n[<10-1>]", "the range runs backwards: write `1-10`"),
    (
        "n1<[9-10]>",
        "beside a digit, ClusterShell and Slurm read numbers of different widths differently: move the digit into the brackets, one width to a range, such as `n[18-19,110-112]` for `n1[8-12]`",
    ),
    (
        "n1<[9,10]>",
        "beside a digit, ClusterShell and Slurm read numbers of different widths differently: move the digit into the brackets, one width to a range, such as `n[18-19,110-112]` for `n1[8-12]`",
    ),
    (
        "a[1-2]b5<[1,2-3,7-1000]>",
        "beside a digit, ClusterShell and Slurm read numbers of different widths differently: move the digit into the brackets, one width to a range, such as `n[18-19,110-112]` for `n1[8-12]`",
    ),
    (
        "n<[0-20]>7-[1-2]",
        "beside a digit, ClusterShell and Slurm read numbers of different widths differently: move the digit into the brackets, one width to a range, such as `n[18-19,110-112]` for `n1[8-12]`",
    ),
    (
        "n[0-8/2]<07>b",
        "digits after a bracket with a step, which ClusterShell refuses: write the numbers out",
    ),
    ("n[0-10/<0>]", "a step of 0 never ends: write a step of 1 or more"),
    ("n[<3/2>]", "a step needs a range, such as `0-10/2`"),
];

#[test]
fn refuses_with_place_and_fix() {
    for (marked, message) in REFUSED {
        let text = marked.replace(['<', '>'], "");
        let error = expand(&text, &Limits::default()).expect_err(&text);
        assert_eq!(error.to_string(), *message, "{text:?}");
        let place = (marked.find('<').unwrap(), marked.find('>').unwrap() - 1);
        assert_eq!((error.offset, error.offset + error.len), place, "{text:?}");
    }
}

#[test]
fn counts_before_it_expands() {
    let table = [
        ("n[0-999999999]", Some(1_000_000_000)),
        ("a[0-9999]b[0-9999]", Some(100_000_000)),
        ("n[0-999999999999999999]", Some(1_000_000_000_000_000_000)),
        ("a[0-99]b[0-999999999999999999]", None),
        ("a[0-999999]b[1,2]", Some(2_000_000)),
        ("a[0-999999],login", Some(1_000_001)),
        (
            "a[0-999999999999999999,0-999999999999999999]",
            Some(1_000_000_000_000_000_000),
        ),
    ];
    for (text, count) in table {
        let error = Hostlist::parse(text, &Limits::default()).unwrap_err();
        assert_eq!(
            error.kind,
            ErrorKind::TooManyNames {
                count,
                max: 1_000_000
            },
            "{text:?}"
        );
    }
    assert_eq!(
        Hostlist::parse("a[0-999999]", &Limits::default())
            .unwrap()
            .count(),
        1_000_000
    );

    let error = Hostlist::parse(
        "a,b",
        &Limits {
            max_text: 2,
            ..Limits::default()
        },
    )
    .unwrap_err();
    assert_eq!(error.kind, ErrorKind::TextTooLong { max: 2 });
    let error = Hostlist::parse(
        "a,b",
        &Limits {
            max_names: 1,
            ..Limits::default()
        },
    )
    .unwrap_err();
    assert_eq!(
        (error.offset, error.kind),
        (
            2,
            ErrorKind::TooManyNames {
                count: Some(2),
                max: 1
            }
        )
    );
}

#[test]
fn bounds_the_length_of_names() {
    let longest = "n".repeat(MAX_NAME_LEN - 2);
    assert_eq!(names(&format!("{longest}[9-10]"))[1].len(), MAX_NAME_LEN);
    for text in [
        format!("{longest}[9-100]"),
        format!("{longest}[1]xy"),
        "[1]a".repeat(MAX_NAME_LEN),
    ] {
        let error = Hostlist::parse(&text, &Limits::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NameTooLong);
    }
    assert!(HostSet::from_names([&"n".repeat(MAX_NAME_LEN)]).is_ok());
    let error = HostSet::from_names([&"n".repeat(MAX_NAME_LEN + 1)]).unwrap_err();
    assert_eq!(error.error.kind, ErrorKind::NameTooLong);
}

#[test]
fn names_the_repeated_name() {
    let table = [
        ("a1,a1", "a1", "a1", 3),
        ("n[1-3], m , n[05,3] ", "n3", "n[05,3]", 12),
        ("n[1,1]", "n1", "n[1,1]", 0),
        ("a[1,2]b[1,2],x,a2b1", "a2b1", "a2b1", 15),
    ];
    for (text, name, item, offset) in table {
        let error = expand(text, &Limits::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Duplicate(name.to_owned()), "{text:?}");
        assert_eq!(
            (error.offset, &text[error.offset..error.offset + error.len]),
            (offset, item),
            "{text:?}"
        );
        assert!(Hostlist::parse(text, &Limits::default()).is_ok());
    }
    assert_eq!("a1,a1,a[0,1]".parse::<HostSet>().unwrap().to_string(), "a[0-1]");
}

#[test]
fn prints_as_written() {
    for (text, printed) in [
        ("n[01-18,20] , b", "n[01-18,20],b"),
        ("b,a[3,1],a[5-5]", "b,a[3,1],a[5]"),
        ("n[00-10/02,7-9/1]", "n[00-10/2,7-9]"),
        ("r[1-2]n[01-03]-ib[0-1]", "r[1-2]n[01-03]-ib[0-1]"),
        ("", ""),
    ] {
        assert_eq!(
            Hostlist::parse(text, &Limits::default()).unwrap().to_string(),
            printed
        );
    }
}

#[test]
fn folds() {
    for (text, folded) in [
        ("a001,a002,a003,a004,a006,b3", "a[001-004,006],b3"),
        ("b3,a1", "a1,b3"),
        ("n10,n9,n8", "n[8-10]"),
        ("n10,n09,n08", "n[08-10]"),
        ("n[1-10],n[01-09]", "n[1-9,01-10]"),
        ("n[01-99],n[100-150]", "n[01-99,100-150]"),
        ("n0,n00,n000", "n[0,00,000]"),
        ("n[0-9/3]", "n[0,3,6,9]"),
        ("r[1-2]n[01-03]-ib[0-1]", "r[1-2]n[01-03]-ib[0-1]"),
        (
            "a[1-2,01-02]b1,c[1-2,01-02]b[1-2]",
            "a[1-2,01-02]b1,c[1-2,01-02]b[1-2]",
        ),
        ("a1b1,a1b2,a2b1", "a1b[1-2],a2b1"),
        (
            "x[1-2]y[1-2]z[1-2],x3y[1-2]z[1-2],x3y3z1",
            "x[1-3]y[1-2]z[1-2],x3y3z1",
        ),
        ("login,[1-2],1a", "[1-2],1a,login"),
        ("n19,n1[10]", "n[19,110]"),
        ("n[1-2]x12345678901234567890", "n[1-2]x12345678901234567890"),
        (
            "a0b0c0d0e0f0g0h0i0j0k0l[1-2]m[1-2]",
            "a0b0c0d0e0f0g0h0i0j0k0l[1-2]m1,a0b0c0d0e0f0g0h0i0j0k0l[1-2]m2",
        ),
        ("", ""),
    ] {
        let set: HostSet = text.parse().unwrap();
        assert_eq!(set.to_string(), folded, "{text:?}");
        assert_eq!(set.fold().count(), set.len() as u64);
        assert_eq!(folded.parse::<HostSet>().unwrap(), set, "{text:?}");
    }
}

#[test]
fn set_algebra() {
    let (a, b): (HostSet, HostSet) = ("n[1-6],login".parse().unwrap(), "n[5-8],n05".parse().unwrap());
    assert_eq!(a.union(&b).to_string(), "login,n[1-8,05]");
    assert_eq!(a.intersection(&b).to_string(), "n[5-6]");
    assert_eq!(a.difference(&b).to_string(), "login,n[1-4]");
    assert_eq!(a.symmetric_difference(&b).to_string(), "login,n[1-4,7-8,05]");
    assert!(
        a.contains("login")
            && a.contains("n6")
            && !a.contains("n05")
            && !a.contains("n06")
            && !a.contains("")
    );
    assert!(a.intersection(&b).is_subset(&a) && !a.is_subset(&b) && HostSet::new().is_subset(&a));
    assert_eq!(b.iter().collect::<Vec<_>>(), ["n5", "n05", "n6", "n7", "n8"]);
    assert_eq!(
        (b.len(), b.is_empty(), HostSet::new().is_empty()),
        (5, false, true)
    );
}

#[test]
fn a_name_is_one_name() {
    assert_eq!(
        HostSet::from_names(["n2", "n1", "n2"]).unwrap().to_string(),
        "n[1-2]"
    );
    for (name, at, kind) in [
        ("", 0, ErrorKind::EmptyItem),
        ("n[1-2]", 1, ErrorKind::Character('[')),
        ("a,b", 1, ErrorKind::Character(',')),
        ("aé", 1, ErrorKind::Character('é')),
    ] {
        let refused = HostSet::from_names(["ok", name]).unwrap_err();
        assert_eq!(
            (refused.name.as_str(), refused.error.offset, refused.error.kind),
            (name, at, kind)
        );
    }
}

#[test]
fn a_large_cluster() {
    let text = "a[0001-5000]-n[01-20]";
    let list = Hostlist::parse(text, &Limits::default()).unwrap();
    assert_eq!(list.count(), 100_000);
    let (mut names, mut bytes) = (0, 0);
    list.for_each(|name| {
        names += 1;
        bytes += name.len();
    });
    assert_eq!((names, bytes), (100_000, 900_000));
    assert_eq!(expand(text, &Limits::default()).unwrap().len(), 100_000);
    let set = HostSet::from(&list);
    assert_eq!((set.len(), set.to_string().as_str()), (100_000, text));
}
