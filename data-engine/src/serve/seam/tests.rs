mod archive;

use std::collections::BTreeSet;

use goat::prost_types::{Value, value::Kind as Json};
use proptest::prelude::*;

use super::*;

const HEAD: u64 = 60;

/// A row that is known by its position.
fn row(seq: u64) -> Struct {
    let value = Value { kind: Some(Json::NumberValue(seq as f64)) };
    Struct { fields: [("seq".to_owned(), value)].into() }
}

fn seqs(rows: &[Struct]) -> Vec<u64> {
    let seq = |row: &Struct| match row.fields["seq"].kind {
        Some(Json::NumberValue(seq)) => seq as u64,
        ref other => panic!("{other:?}"),
    };
    rows.iter().map(seq).collect()
}

/// What one moment looks like: where memory begins, what of older rows it still has, how far the archive is.
#[derive(Debug, Clone)]
struct Moment {
    dropped_through: u64,
    survivors: BTreeSet<u64>,
    archived: u64,
}

/// The table has a row at each of these positions; the others belong to other tables.
fn hot(table: &BTreeSet<u64>, moment: &Moment, span: &Span, limit: usize) -> Hot {
    let kept = |seq: &u64| *seq > moment.dropped_through || moment.survivors.contains(seq);
    let within = table.range(span.after_seq + 1..=span.to_seq.max(span.after_seq + 1));
    let mut rows: Vec<_> =
        within.filter(|seq| **seq <= span.to_seq && kept(seq)).map(|&seq| (seq, row(seq))).collect();
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Hot { rows, has_more }
}

fn archive(table: &BTreeSet<u64>, moment: &Moment, span: &Span, seam: u64, limit: usize) -> Archived {
    let end = seam.min(moment.archived);
    let mut found: Vec<_> =
        table.iter().copied().filter(|seq| *seq > span.after_seq && *seq <= end).collect();
    let has_more = found.len() > limit;
    found.truncate(limit);
    Archived {
        next_after_seq: found.last().copied().filter(|_| has_more),
        rows: found.into_iter().map(row).collect(),
        coverage: Coverage { last_seq: moment.archived, missing_through_seq: 0 },
    }
}

/// One page, as [`MarketData::rows`] puts it together.
fn page(table: &BTreeSet<u64>, moment: &Moment, span: &Span, limit: usize) -> Page {
    let hot = hot(table, moment, span, limit);
    if moment.dropped_through <= span.after_seq {
        return hot_only(span, moment.dropped_through + 1, hot, None);
    }
    let seam = moment.dropped_through.min(span.to_seq);
    if moment.archived <= span.after_seq {
        let behind = Some((seam, Lacking::Behind(moment.archived)));
        return hot_only(span, moment.dropped_through + 1, hot, behind);
    }
    join(span, limit, seam, archive(table, moment, span, seam, limit), hot)
}

proptest! {
    /// Wherever retention and the archive stand, and however they go on between pages, a walk has every row of the
    /// table once and in order, or is told that the archive has not got the next one yet.
    #[test]
    fn a_walk_across_the_seam_has_every_row_once(
        table in prop::collection::btree_set(1..=HEAD, 0..50),
        survivors in prop::collection::btree_set(1..=HEAD, 0..10),
        steps in prop::collection::vec((0..12_u64, 0..12_u64), 1..40),
        begins in (0..=HEAD, 0..=HEAD),
        limit in 1..9_usize,
    ) {
        let mut moment = Moment { dropped_through: begins.0, survivors, archived: begins.1 };
        let mut span = Span { after_seq: 0, to_seq: HEAD, since: earliest() };
        let (mut read, mut steps) = (Vec::new(), steps.into_iter().cycle());
        for _ in 0..1000 {
            let rows = page(&table, &moment, &span, limit);
            let (dropped, archived) = steps.next().unwrap();
            moment.dropped_through = (moment.dropped_through + dropped).min(HEAD);
            moment.archived = (moment.archived + archived + 1).min(HEAD);
            if let Some((_, why)) = rows.lacking {
                // Told, and coming again: nothing was taken over.
                prop_assert!(matches!(why, Lacking::Behind(_)));
                continue;
            }
            prop_assert!(rows.rows.len() <= limit);
            prop_assert!(rows.covered_to >= span.after_seq);
            prop_assert!(rows.covered_to > span.after_seq || !rows.has_more);
            read.extend(seqs(&rows.rows));
            span.after_seq = rows.covered_to;
            if !rows.has_more {
                break;
            }
        }
        prop_assert_eq!(span.after_seq, HEAD);
        prop_assert_eq!(read, table.into_iter().collect::<Vec<_>>());
    }

    /// Points of both sides are one line, in the order of time, none twice.
    #[test]
    fn a_line_has_every_point_once(times in prop::collection::vec(0..40_i64, 0..40), seam in 0..40_u64, kept in 0..40_u64) {
        let point = |(seq, &second): (u64, &i64)| Point { seq, time: UnixMicros::from_seconds(second).unwrap(), price: 1.0 };
        let all: Vec<_> = (1..).zip(&times).map(point).collect();
        let archived = all.iter().copied().filter(|point| point.seq <= seam).collect();
        let hot = all.iter().copied().filter(|point| point.seq > seam.min(kept)).collect();
        let line = joined(archived, hot, seam);
        let mut expected = all;
        expected.sort_by_key(|point| (point.time, point.seq));
        prop_assert_eq!(line, expected);
    }
}

#[test]
fn what_the_log_forgot_before_it_was_archived_is_said() {
    let span = Span { after_seq: 3, to_seq: 20, since: earliest() };
    let coverage = Coverage { last_seq: 15, missing_through_seq: 8 };
    let archived = Archived { rows: vec![row(9)], next_after_seq: None, coverage };
    let rows =
        join(&span, 10, 12, archived, Hot { rows: vec![(11, row(11)), (13, row(13))], has_more: false });
    assert_eq!((seqs(&rows.rows), rows.covered_to, rows.oldest_seq), (vec![9, 13], 20, 9));
    assert!(matches!(rows.lacking, Some((8, Lacking::Forgotten))));
}
