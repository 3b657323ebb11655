//! Queries: their bodies, relations and clauses. Every field of the tree is named, so that one that a newer
//! parser adds does not slip through.

use sqlparser::ast::{
    Cte, Distinct, ExcludeSelectItem, Expr, FunctionArg, FunctionArgExpr, GroupByExpr, Join, JoinConstraint,
    JoinOperator, LimitClause, NamedWindowDefinition, NamedWindowExpr, ObjectName, OrderBy, OrderByExpr,
    OrderByKind, OrderByOptions, OrderBySort, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, TableAlias, TableFactor, TableFunctionArgs, TableWithJoins, Values, WildcardAdditionalOptions,
    With,
};

use super::literal::whole_number;
use super::{Refusal, Walk, check_column, check_identifier, not_allowed};

/// Rows that `range` and `generate_series` may make.
const RANGE_MAX: i64 = 10_000_000;

impl Walk<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Result<(), Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() {
            return Err(Refusal::new("FOR UPDATE and FOR SHARE are not allowed"));
        }
        if fetch.is_some()
            || for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return Err(Refusal::new("FETCH, FOR, SETTINGS, FORMAT and |> are not allowed"));
        }
        let seen = self.names.len();
        self.nested(|walk| {
            if let Some(with) = with {
                walk.with(with)?;
            }
            walk.body(body)?;
            if let Some(order_by) = order_by {
                walk.order_by(order_by)?;
            }
            limit_clause.as_ref().map_or(Ok(()), |limit| walk.limit(limit))
        })?;
        self.names.truncate(seen);
        Ok(())
    }

    fn with(&mut self, with: &With) -> Result<(), Refusal> {
        let With { with_token: _, recursive, cte_tables } = with;
        if *recursive {
            return Err(Refusal::new("WITH RECURSIVE is not allowed"));
        }
        for cte in cte_tables {
            let Cte { alias, query, from, materialized: _, closing_paren_token: _ } = cte;
            if from.is_some() {
                return Err(not_allowed(cte));
            }
            check_alias(alias)?;
            self.query(query)?;
            self.names.push(alias.name.value.to_ascii_lowercase());
        }
        Ok(())
    }

    fn body(&mut self, body: &SetExpr) -> Result<(), Refusal> {
        self.count_part()?;
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { left, op: _, set_quantifier: _, right } => self.nested(|walk| {
                walk.body(left)?;
                walk.body(right)
            }),
            SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => Err(not_allowed(body)),
        }
    }

    fn values(&mut self, values: &Values) -> Result<(), Refusal> {
        let Values { explicit_row, value_keyword, rows } = values;
        if *explicit_row || *value_keyword {
            return Err(not_allowed(values));
        }
        rows.iter().try_for_each(|row| self.expressions(&row.content))
    }

    fn select(&mut self, select: &Select) -> Result<(), Refusal> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor: _,
        } = select;
        if into.is_some() {
            return Err(Refusal::new("SELECT INTO is not allowed"));
        }
        if !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || top.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || value_table_mode.is_some()
        {
            return Err(not_allowed(select));
        }
        for relation in from {
            self.joined(relation)?;
        }
        if let Some(Distinct::On(columns)) = distinct {
            self.expressions(columns)?;
        }
        projection.iter().try_for_each(|item| self.item(item))?;
        self.group_by(group_by)?;
        named_window.iter().try_for_each(|window| self.named_window(window))?;
        [selection, having, qualify]
            .into_iter()
            .flatten()
            .try_for_each(|condition| self.expression(condition))
    }

    fn item(&mut self, item: &SelectItem) -> Result<(), Refusal> {
        match item {
            SelectItem::UnnamedExpr(value) => self.expression(value),
            SelectItem::ExprWithAlias { expr: value, alias } => {
                check_identifier(alias)?;
                self.expression(value)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                check_column(name)?;
                self.wildcard(options)
            }
            SelectItem::Wildcard(options) => self.wildcard(options),
            SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) => Err(not_allowed(item)),
        }
    }

    fn wildcard(&mut self, options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        if opt_ilike.is_some() || opt_except.is_some() || opt_rename.is_some() || opt_alias.is_some() {
            return Err(Refusal::new("after * only EXCLUDE and REPLACE are allowed"));
        }
        match opt_exclude {
            Some(ExcludeSelectItem::Single(column)) => check_column(column)?,
            Some(ExcludeSelectItem::Multiple(columns)) => columns.iter().try_for_each(check_column)?,
            None => {}
        }
        for item in opt_replace.iter().flat_map(|replace| &replace.items) {
            check_identifier(&item.column_name)?;
            self.expression(&item.expr)?;
        }
        Ok(())
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Result<(), Refusal> {
        match group_by {
            GroupByExpr::All(modifiers) if modifiers.is_empty() => Ok(()),
            GroupByExpr::Expressions(columns, modifiers) if modifiers.is_empty() => self.expressions(columns),
            GroupByExpr::All(_) | GroupByExpr::Expressions(..) => Err(not_allowed(group_by)),
        }
    }

    fn named_window(&mut self, window: &NamedWindowDefinition) -> Result<(), Refusal> {
        let NamedWindowDefinition(name, definition) = window;
        check_identifier(name)?;
        match definition {
            NamedWindowExpr::NamedWindow(other) => check_identifier(other),
            NamedWindowExpr::WindowSpec(window) => self.window(window),
        }
    }

    fn order_by(&mut self, order_by: &OrderBy) -> Result<(), Refusal> {
        match (&order_by.kind, &order_by.interpolate) {
            (OrderByKind::All(options), None) => check_direction(options),
            (OrderByKind::Expressions(columns), None) => self.ordered(columns),
            (_, Some(_)) => Err(not_allowed(order_by)),
        }
    }

    pub(super) fn ordered(&mut self, columns: &[OrderByExpr]) -> Result<(), Refusal> {
        for column in columns {
            let OrderByExpr { expr: value, options, with_fill } = column;
            if with_fill.is_some() {
                return Err(not_allowed(column));
            }
            check_direction(options)?;
            self.expression(value)?;
        }
        Ok(())
    }

    fn limit(&mut self, clause: &LimitClause) -> Result<(), Refusal> {
        match clause {
            LimitClause::LimitOffset { limit, offset, limit_by } if limit_by.is_empty() => {
                let offset = offset.as_ref().map(|offset| &offset.value);
                [limit.as_ref(), offset].into_iter().flatten().try_for_each(|rows| self.expression(rows))
            }
            LimitClause::LimitOffset { .. } | LimitClause::OffsetCommaLimit { .. } => {
                Err(not_allowed(clause))
            }
        }
    }

    fn joined(&mut self, relation: &TableWithJoins) -> Result<(), Refusal> {
        let TableWithJoins { relation, joins } = relation;
        self.factor(relation)?;
        for join in joins {
            let Join { relation, global, join_operator } = join;
            if *global {
                return Err(not_allowed(join));
            }
            self.factor(relation)?;
            self.join_condition(join, join_operator)?;
        }
        Ok(())
    }

    fn join_condition(&mut self, join: &Join, operator: &JoinOperator) -> Result<(), Refusal> {
        let (JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::Anti(constraint)) = operator
        else {
            return Err(not_allowed(join));
        };
        match constraint {
            JoinConstraint::On(condition) => self.expression(condition),
            JoinConstraint::Using(columns) => columns.iter().try_for_each(check_column),
            JoinConstraint::Natural | JoinConstraint::None => Ok(()),
        }
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<(), Refusal> {
        self.count_part()?;
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                alias.as_ref().map_or(Ok(()), check_alias)?;
                match args {
                    None => {
                        self.note_rows(alias.as_ref(), Some(name));
                        self.relation(name)
                    }
                    Some(TableFunctionArgs { args, settings: None }) => self.table_function(name, args),
                    Some(_) => Err(not_allowed(factor)),
                }
            }
            TableFactor::Derived { lateral: _, subquery, alias, sample: None } => {
                alias.as_ref().map_or(Ok(()), check_alias)?;
                self.count_relation()?;
                self.query(subquery)?;
                self.note_rows(alias.as_ref(), None);
                Ok(())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                alias.as_ref().map_or(Ok(()), check_alias)?;
                self.nested(|walk| walk.joined(table_with_joins))?;
                self.note_rows(alias.as_ref(), None);
                Ok(())
            }
            _ => Err(not_allowed(factor)),
        }
    }

    fn table_function(&mut self, name: &ObjectName, args: &[FunctionArg]) -> Result<(), Refusal> {
        self.count_relation()?;
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = arg else {
                return Err(not_allowed(arg));
            };
            given.push(value);
        }
        let known = self.dialect.table_functions();
        match name.to_string().to_ascii_lowercase().as_str() {
            function if !known.contains(&function) => Err(Refusal::new(format!(
                "the table function {name} is not allowed; {} are",
                known.join(", ")
            ))),
            "unnest" => given.iter().try_for_each(|value| self.expression(value)),
            _ => check_range(name, &given),
        }
    }

    /// Remembers the name by which the rows of a relation can be named.
    fn note_rows(&mut self, alias: Option<&TableAlias>, name: Option<&ObjectName>) {
        let last = name.and_then(|name| name.0.last()).and_then(|part| part.as_ident());
        let named = alias.map(|alias| &alias.name).or(last);
        self.row_names.extend(named.map(|name| name.value.to_ascii_lowercase()));
    }
}

/// The bounds are literals, so that the number of rows is known before anything runs.
fn check_range(name: &ObjectName, bounds: &[&Expr]) -> Result<(), Refusal> {
    let refused =
        || Refusal::new(format!("the arguments of {name} must be whole numbers from 0 to {RANGE_MAX}"));
    let within = |bound: &&Expr| whole_number(bound).is_some_and(|bound| (0..=RANGE_MAX).contains(&bound));
    if (1..=3).contains(&bounds.len()) && bounds.iter().all(within) { Ok(()) } else { Err(refused()) }
}

fn check_alias(alias: &TableAlias) -> Result<(), Refusal> {
    let TableAlias { explicit: _, name, columns, at } = alias;
    check_identifier(name)?;
    for column in columns {
        if column.data_type.is_some() {
            return Err(not_allowed(alias));
        }
        check_identifier(&column.name)?;
    }
    if at.is_some() { Err(not_allowed(alias)) } else { Ok(()) }
}

fn check_direction(options: &OrderByOptions) -> Result<(), Refusal> {
    match options.sort {
        Some(OrderBySort::Using(_)) => Err(Refusal::new("ORDER BY … USING is not allowed")),
        Some(OrderBySort::Asc | OrderBySort::Desc) | None => Ok(()),
    }
}
