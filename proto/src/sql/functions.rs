//! Calls, and the functions that are allowed.
//!
//! Left out on purpose: what makes lists or long texts (`list`, `string_agg`, `repeat`, `lpad`, `format`): the
//! database makes those values outside of its memory limit, and a whole step of them at once; what compares
//! texts in quadratic time (`levenshtein`, `jaccard`); what reads settings, files, sequences or the catalogue;
//! lambdas and macros.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, WindowType,
};

use super::literal::{check_regular_expression, is_literal, text};
use super::{Refusal, Walk, check_identifier, not_allowed, shown};

/// Aggregates; most of them are window functions as well.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_quantile",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "entropy",
    "favg",
    "first",
    "fsum",
    "geomean",
    "geometric_mean",
    "kahan_sum",
    "kurtosis",
    "kurtosis_pop",
    "last",
    "mad",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "product",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "sem",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "sumkahan",
    "var_pop",
    "var_samp",
    "variance",
];

/// Functions that need a window, and those of grouping sets.
const WINDOW: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "grouping",
    "grouping_id",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

const MATH: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "bit_count",
    "cbrt",
    "ceil",
    "ceiling",
    "cos",
    "cot",
    "degrees",
    "even",
    "exp",
    "factorial",
    "floor",
    "fmod",
    "gamma",
    "gcd",
    "greatest",
    "isfinite",
    "isinf",
    "isnan",
    "lcm",
    "least",
    "lgamma",
    "ln",
    "log",
    "log10",
    "log2",
    "mod",
    "pi",
    "pow",
    "power",
    "radians",
    "round",
    "sign",
    "signbit",
    "sin",
    "sqrt",
    "tan",
    "trunc",
    "xor",
];

const CONDITIONAL: &[&str] = &["coalesce", "if", "ifnull", "nullif", "typeof"];

/// None of them makes a text that is longer than what it is given, but for letters that change their size.
const TEXT: &[&str] = &[
    "ascii",
    "btrim",
    "char_length",
    "character_length",
    "chr",
    "contains",
    "ends_with",
    "instr",
    "lcase",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "ord",
    "position",
    "prefix",
    "reverse",
    "right",
    "rtrim",
    "sha256",
    "split_part",
    "starts_with",
    "strlen",
    "strpos",
    "substr",
    "substring",
    "suffix",
    "translate",
    "trim",
    "ucase",
    "unicode",
    "upper",
];

const JSON: &[&str] = &[
    "json_array_length",
    "json_extract",
    "json_extract_path",
    "json_extract_path_text",
    "json_extract_string",
    "json_type",
    "json_valid",
];

const TIME: &[&str] = &[
    "age",
    "century",
    "current_date",
    "current_timestamp",
    "date_add",
    "date_diff",
    "date_part",
    "date_sub",
    "date_trunc",
    "datediff",
    "datepart",
    "datesub",
    "datetrunc",
    "day",
    "dayname",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "decade",
    "epoch",
    "epoch_ms",
    "epoch_ns",
    "epoch_us",
    "get_current_timestamp",
    "hour",
    "isodow",
    "isoyear",
    "julian",
    "last_day",
    "make_date",
    "make_time",
    "make_timestamp",
    "microsecond",
    "millisecond",
    "minute",
    "month",
    "monthname",
    "now",
    "quarter",
    "second",
    "strptime",
    "time_bucket",
    "to_days",
    "to_hours",
    "to_microseconds",
    "to_milliseconds",
    "to_minutes",
    "to_seconds",
    "to_timestamp",
    "to_weeks",
    "today",
    "try_strptime",
    "week",
    "weekday",
    "weekofyear",
    "year",
    "yearweek",
];

/// With one argument more these answer with a list of that many values.
const SCALAR_ARITY: &[(&str, usize)] = &[
    ("max", 1),
    ("min", 1),
    ("arg_max", 2),
    ("arg_min", 2),
    ("argmax", 2),
    ("argmin", 2),
    ("max_by", 2),
    ("min_by", 2),
];

/// The regular expression is the second argument.
pub(super) const REGULAR: &[&str] =
    &["regexp_extract", "regexp_full_match", "regexp_matches", "regexp_replace"];

/// Longest text that may be put in place of another, and longest format of a time.
const REPLACEMENT_MAX: usize = 64;

pub(super) fn is_plain(name: &str) -> bool {
    [AGGREGATES, WINDOW, MATH, CONDITIONAL, TEXT, JSON, TIME].iter().any(|list| list.contains(&name))
}

impl Walk<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<(), Refusal> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = function;
        if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) {
            return Err(not_allowed(function));
        }
        let given = match args {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::List(list) => self.arguments(list)?,
            FunctionArguments::Subquery(_) => return Err(not_allowed(function)),
        };
        let name = name.to_string().to_ascii_lowercase();
        self.named(&name, &given)?;
        given.iter().try_for_each(|value| self.expression(value))?;
        self.ordered(within_group)?;
        filter.iter().try_for_each(|condition| self.expression(condition))?;
        match over {
            Some(WindowType::WindowSpec(window)) => self.window(window),
            Some(WindowType::NamedWindow(name)) => check_identifier(name),
            None => Ok(()),
        }
    }

    fn arguments<'e>(&mut self, list: &'e FunctionArgumentList) -> Result<Vec<&'e Expr>, Refusal> {
        let FunctionArgumentList { duplicate_treatment: _, args, clauses } = list;
        for clause in clauses {
            match clause {
                FunctionArgumentClause::OrderBy(columns) => self.ordered(columns)?,
                FunctionArgumentClause::IgnoreOrRespectNulls(_) => {}
                _ => return Err(not_allowed(clause)),
            }
        }
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => given.push(value),
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => {}
                _ => return Err(Refusal::new(format!("the argument {} is not allowed", shown(arg)))),
            }
        }
        Ok(given)
    }

    /// Whether the function is on a list, and its arguments keep what it promises.
    fn named(&mut self, name: &str, given: &[&Expr]) -> Result<(), Refusal> {
        let most = SCALAR_ARITY.iter().find(|(known, _)| *known == name).map(|(_, most)| *most);
        if let Some(most) = most.filter(|most| given.len() > *most) {
            return Err(Refusal::new(format!(
                "{name} takes at most {most} arguments here, got {}",
                given.len()
            )));
        }
        if self.dialect.has_regular(name) {
            given.get(1).map_or(Ok(()), |pattern| check_regular_expression(pattern))?;
        }
        match name {
            "concat" | "concat_ws" => self.grow(given.iter().filter(|part| !is_literal(part)).count()),
            "replace" | "regexp_replace" => {
                let length = given.get(2).map_or(Ok(0), |replacement| short_text(name, replacement))?;
                self.grow(length)
            }
            _ if self.dialect.has_format(name) => {
                given.get(1).map_or(Ok(()), |format| short_text(name, format).map(|_| ()))
            }
            _ if self.dialect.has_plain(name) || self.dialect.has_regular(name) => Ok(()),
            _ => Err(Refusal::new(format!("the function {} is not allowed", shown(&name)))),
        }
    }
}

/// The length of a literal that is short enough.
fn short_text(function: &str, value: &Expr) -> Result<usize, Refusal> {
    match text(value) {
        Some(text) if text.len() <= REPLACEMENT_MAX => Ok(text.len()),
        _ => Err(Refusal::new(format!(
            "{function} needs a literal of at most {REPLACEMENT_MAX} bytes in place of {}",
            shown(value)
        ))),
    }
}
