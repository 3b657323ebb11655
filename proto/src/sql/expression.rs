//! Values: operators, literals, calls are in [`super::functions`].

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, Interval,
    OrderByExpr, Subscript, UnaryOperator, WindowFrame, WindowFrameBound, WindowSpec,
};

use super::literal::{
    check_like, check_regular_expression, check_type, check_typed, check_value, is_literal, text,
    whole_number,
};
use super::{Refusal, Walk, check_identifier, not_allowed, shown};

/// Columns of CUBE: it makes two to the power of that many groupings.
const CUBE_MAX: usize = 6;

impl Walk<'_> {
    pub(super) fn expressions(&mut self, list: &[Expr]) -> Result<(), Refusal> {
        list.iter().try_for_each(|value| self.expression(value))
    }

    pub(super) fn expression(&mut self, value: &Expr) -> Result<(), Refusal> {
        self.count_part()?;
        self.nested(|walk| walk.value(value))
    }

    fn value(&mut self, value: &Expr) -> Result<(), Refusal> {
        match value {
            Expr::Identifier(name) => self.value_name(value, std::slice::from_ref(name)),
            Expr::CompoundIdentifier(names) => self.value_name(value, names),
            Expr::Value(literal) => check_value(&literal.value),
            Expr::TypedString(typed) => check_typed(typed),
            Expr::Interval(interval) => check_interval(interval),
            Expr::BinaryOp { left, op, right } => self.chain(left, op, right),
            Expr::UnaryOp {
                op: UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not,
                expr: inner,
            }
            | Expr::Nested(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::Ceil { expr: inner, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) }
            | Expr::Floor { expr: inner, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) }
            | Expr::Extract { expr: inner, .. } => self.expression(inner),
            Expr::Cast {
                kind: CastKind::Cast | CastKind::TryCast | CastKind::DoubleColon,
                expr: inner,
                data_type,
                format: None,
            } => {
                check_type(data_type)?;
                self.expression(inner)
            }
            Expr::Between { expr: tested, negated: _, low, high } => {
                [tested, low, high].into_iter().try_for_each(|part| self.expression(part))
            }
            Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::Position { expr: left, r#in: right }
            | Expr::AtTimeZone { timestamp: left, time_zone: right } => {
                self.expression(left)?;
                self.expression(right)
            }
            Expr::Function(function) => self.function(function),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Substring { expr: text, substring_from, substring_for, special: _, shorthand: _ } => {
                self.expression(text)?;
                [substring_from, substring_for]
                    .into_iter()
                    .flatten()
                    .try_for_each(|part| self.expression(part))
            }
            Expr::Trim { trim_where: _, trim_what, expr: text, trim_characters } => {
                self.expression(text)?;
                trim_what.iter().try_for_each(|part| self.expression(part))?;
                trim_characters.iter().try_for_each(|parts| self.expressions(parts))
            }
            _ => self.set_or_pattern(value),
        }
    }

    fn set_or_pattern(&mut self, value: &Expr) -> Result<(), Refusal> {
        match value {
            Expr::Like { negated: _, any: false, expr: tested, pattern, escape_char: None } => {
                check_like(pattern, true)?;
                self.expression(tested)?;
                self.expression(pattern)
            }
            Expr::ILike { negated: _, any: false, expr: tested, pattern, escape_char: None } => {
                check_like(pattern, false)?;
                self.expression(tested)?;
                self.expression(pattern)
            }
            Expr::SimilarTo { negated: _, expr: tested, pattern, escape_char: None } => {
                check_regular_expression(pattern)?;
                self.expression(tested)?;
                self.expression(pattern)
            }
            Expr::InList { expr: tested, list, negated: _ } => {
                self.expression(tested)?;
                self.expressions(list)
            }
            Expr::InSubquery { expr: tested, subquery, negated: _ } => {
                self.expression(tested)?;
                self.query(subquery)
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => self.query(subquery),
            Expr::AnyOp { left, compare_op, right, is_some: _ } | Expr::AllOp { left, compare_op, right } => {
                check_operator(compare_op, right)?;
                self.expression(left)?;
                self.expression(right)
            }
            Expr::Tuple(parts) | Expr::Array(Array { elem: parts, named: _ }) => {
                // As text, a list of one is longer than its value as well: quotes are escaped.
                let made = parts.iter().filter(|part| !is_literal(part)).count();
                self.grow(if made == 0 { 1 } else { made.max(2) })?;
                self.expressions(parts)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expression(root)?;
                access_chain.iter().try_for_each(|access| self.access(access))
            }
            Expr::GroupingSets(sets) | Expr::Rollup(sets) => {
                sets.iter().try_for_each(|set| self.expressions(set))
            }
            Expr::Cube(sets) if sets.len() <= CUBE_MAX => {
                sets.iter().try_for_each(|set| self.expressions(set))
            }
            Expr::Cube(sets) => {
                Err(Refusal::new(format!("CUBE may have at most {CUBE_MAX} columns, got {}", sets.len())))
            }
            _ => Err(not_allowed(value)),
        }
    }

    /// A chain of operators leans to the left and is as deep as it is long: it is walked, not descended.
    fn chain(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Result<(), Refusal> {
        let (mut left, mut operator, mut right) = (left, operator, right);
        let mut joined = 0_usize;
        loop {
            self.count_part()?;
            check_operator(operator, right)?;
            if *operator == BinaryOperator::StringConcat && !is_literal(right) {
                joined = joined.saturating_add(1);
            }
            self.expression(right)?;
            let Expr::BinaryOp { left: before, op, right: middle } = left else { break };
            (left, operator, right) = (before, op, middle);
        }
        if *operator == BinaryOperator::StringConcat && !is_literal(left) {
            joined = joined.saturating_add(1);
        }
        self.grow(joined)?;
        self.expression(left)
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<(), Refusal> {
        for CaseWhen { condition, result } in conditions {
            self.expression(condition)?;
            self.expression(result)?;
        }
        [operand, otherwise].into_iter().flatten().try_for_each(|part| self.expression(part))
    }

    fn access(&mut self, access: &AccessExpr) -> Result<(), Refusal> {
        match access {
            AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride: None }) => {
                [lower_bound, upper_bound].into_iter().flatten().try_for_each(|bound| self.expression(bound))
            }
            AccessExpr::Subscript(Subscript::Slice { .. }) | AccessExpr::Dot(_) => {
                Err(Refusal::new("fields and methods after a value are not allowed"))
            }
        }
    }

    pub(super) fn window(&mut self, window: &WindowSpec) -> Result<(), Refusal> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = window;
        window_name.as_ref().map_or(Ok(()), check_identifier)?;
        self.expressions(partition_by)?;
        let order_by: &[OrderByExpr] = order_by;
        self.ordered(order_by)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else { return Ok(()) };
        for bound in std::iter::once(start_bound).chain(end_bound) {
            match bound {
                WindowFrameBound::CurrentRow
                | WindowFrameBound::Preceding(None)
                | WindowFrameBound::Following(None) => {}
                WindowFrameBound::Preceding(Some(distance)) | WindowFrameBound::Following(Some(distance)) => {
                    self.expression(distance)?;
                }
            }
        }
        Ok(())
    }
}

/// JSON is taken apart by a literal: with anything else the arrow begins a lambda.
fn check_operator(operator: &BinaryOperator, right: &Expr) -> Result<(), Refusal> {
    match operator {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::DuckIntegerDivide
        | BinaryOperator::StringConcat
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::BitwiseOr
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight => Ok(()),
        BinaryOperator::PGRegexMatch => check_regular_expression(right),
        BinaryOperator::Arrow | BinaryOperator::LongArrow
            if text(right).is_some() || whole_number(right).is_some() =>
        {
            Ok(())
        }
        _ => Err(Refusal::new(format!("the operator {operator} is not allowed before {}", shown(right)))),
    }
}

fn check_interval(interval: &Interval) -> Result<(), Refusal> {
    let Interval { value, leading_field: _, leading_precision, last_field, fractional_seconds_precision } =
        interval;
    if leading_precision.is_some() || last_field.is_some() || fractional_seconds_precision.is_some() {
        return Err(not_allowed(interval));
    }
    match value.as_ref() {
        Expr::Value(literal) => check_value(&literal.value),
        _ => Err(Refusal::new(format!("an interval must be a literal, got {}", shown(value)))),
    }
}
