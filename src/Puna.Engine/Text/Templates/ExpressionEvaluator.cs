using Puna.Kernels.Emitted;

namespace Puna.Engine.Text.Templates;

/// <summary>Values of expressions. Each kind has its own small method, so that deep recursion uses little stack.</summary>
internal sealed class ExpressionEvaluator(RenderContext context)
{
    public object Evaluate(Expression expression, Scope scope)
    {
        context.Line = expression.Line;
        context.Enter();
        var result = expression switch
        {
            Expression.Constant constant => constant.Value,
            Expression.Name name => scope.Find(name.Identifier)
                ?? Undefined.Variable(name.Identifier),
            Expression.Attribute node => Subscripts.Attribute(
                context,
                Evaluate(node.Owner, scope),
                node.Identifier
            ),
            Expression.Item node => Item(node, scope),
            Expression.Slice node => Slice(node, scope),
            Expression.Call node => Call(node, scope),
            Expression.Filter node => ApplyFilter(node, Evaluate(node.Operand, scope), scope),
            Expression.Test node => Test(node, scope),
            Expression.Not node => !IsTrue(node.Operand, scope),
            Expression.And node => And(node, scope),
            Expression.Or node => Or(node, scope),
            Expression.Comparison node => Compare(node, scope),
            Expression.Arithmetic node => Calculate(node, scope),
            Expression.Sign node => Arithmetic.Sign(
                context,
                node.IsNegative,
                Evaluate(node.Operand, scope)
            ),
            Expression.Concatenation node => Concatenate(node, scope),
            Expression.Conditional node => Choose(node, scope),
            Expression.Sequence node => Sequence(node, scope),
            Expression.Map node => Map(node, scope),
            _ => throw context.Error("a namespace's attribute stands where a value is needed"),
        };
        context.Leave();
        return result;
    }

    public bool IsTrue(Expression expression, Scope scope) =>
        Comparisons.IsTrue(Evaluate(expression, scope));

    public object ApplyFilter(Expression.Filter filter, object operand, Scope scope)
    {
        var arguments = Arguments(filter.Arguments, scope);
        context.Line = filter.Line;
        return Filters.Apply(context, filter.Identifier, operand, arguments);
    }

    private object Item(Expression.Item node, Scope scope)
    {
        var owner = Evaluate(node.Owner, scope);
        return Subscripts.Item(context, owner, Evaluate(node.Index, scope));
    }

    private object Slice(Expression.Slice node, Scope scope)
    {
        var owner = Evaluate(node.Owner, scope);
        return Subscripts.Slice(
            context,
            owner,
            Bound(node.Start, scope),
            Bound(node.Stop, scope),
            Bound(node.Step, scope)
        );
    }

    private object Bound(Expression? bound, Scope scope) =>
        bound is null ? None.Value : Evaluate(bound, scope);

    private object Call(Expression.Call node, Scope scope)
    {
        var callee = Evaluate(node.Callee, scope);
        var arguments = Arguments(node.Arguments, scope);
        context.Line = node.Line;
        return callee is Callable callable
            ? callable.Invoke(context, arguments)
            : throw context.ErrorOf(callee, $"'{TypeNames.Of(callee)}' object is not callable");
    }

    private CallValues Arguments(CallArguments arguments, Scope scope)
    {
        if (ReferenceEquals(arguments, CallArguments.None))
        {
            return CallValues.None;
        }

        var positional = new List<object>(arguments.Positional.Count);
        foreach (var argument in arguments.Positional)
        {
            positional.Add(Evaluate(argument, scope));
        }

        var named = new List<KeyValuePair<string, object>>(arguments.Named.Count);
        foreach (var (name, value) in arguments.Named)
        {
            named.Add(new(name, Evaluate(value, scope)));
        }

        if (arguments.SpreadList is not null)
        {
            positional.AddRange(Subscripts.Iterate(context, Evaluate(arguments.SpreadList, scope)));
        }

        if (arguments.SpreadMap is not null)
        {
            SpreadMap(Evaluate(arguments.SpreadMap, scope), named);
        }

        return new CallValues(positional, named);
    }

    private void SpreadMap(object value, List<KeyValuePair<string, object>> named)
    {
        if (value is not MapValue map)
        {
            throw context.ErrorOf(value, "the argument after ** must be a mapping");
        }

        context.Charge(map.Count);
        foreach (var (key, entry) in map.Entries)
        {
            named.Add(new(key as string ?? throw context.Error("keywords must be strings"), entry));
        }
    }

    private object Test(Expression.Test node, Scope scope)
    {
        var operand = Evaluate(node.Operand, scope);
        var arguments = Arguments(node.Arguments, scope);
        context.Line = node.Line;
        return Tests.Holds(context, node.Identifier, operand, arguments);
    }

    private object And(Expression.And node, Scope scope)
    {
        var left = Evaluate(node.Left, scope);
        return Comparisons.IsTrue(left) ? Evaluate(node.Right, scope) : left;
    }

    private object Or(Expression.Or node, Scope scope)
    {
        var left = Evaluate(node.Left, scope);
        return Comparisons.IsTrue(left) ? left : Evaluate(node.Right, scope);
    }

    private object Compare(Expression.Comparison node, Scope scope)
    {
        var left = Evaluate(node.First, scope);
        foreach (var (symbol, operand) in node.Links)
        {
            var right = Evaluate(operand, scope);
            context.Line = node.Line;
            if (!Comparisons.Holds(context, symbol, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object Calculate(Expression.Arithmetic node, Scope scope)
    {
        var left = Evaluate(node.Left, scope);
        var right = Evaluate(node.Right, scope);
        context.Line = node.Line;
        return Arithmetic.Apply(context, node.Symbol, left, right);
    }

    private object Concatenate(Expression.Concatenation node, Scope scope)
    {
        var parts = new List<string>(node.Parts.Count);
        foreach (var part in node.Parts)
        {
            parts.Add(PythonFormat.Str(context, Evaluate(part, scope)));
        }

        return TextSearch.Join(context, "", parts);
    }

    private object Choose(Expression.Conditional node, Scope scope)
    {
        if (IsTrue(node.Condition, scope))
        {
            return Evaluate(node.Then, scope);
        }

        return node.Otherwise is null
            ? new Undefined(
                "the inline if-expression evaluated to false and no else section was defined"
            )
            : Evaluate(node.Otherwise, scope);
    }

    private object Sequence(Expression.Sequence node, Scope scope)
    {
        var items = new List<object>(node.Items.Count);
        foreach (var item in node.Items)
        {
            items.Add(Evaluate(item, scope));
        }

        return new ListValue(items, node.IsTuple);
    }

    private object Map(Expression.Map node, Scope scope)
    {
        var map = new MapValue();
        foreach (var (keyNode, valueNode) in node.Pairs)
        {
            var key = Evaluate(keyNode, scope);
            if (!MapValue.IsKey(key))
            {
                throw context.Error(
                    $"a {TypeNames.Of(key)} cannot be a key, expected a string, number or none"
                );
            }

            context.ChargeReading(key);
            map.Set(key, Evaluate(valueNode, scope));
        }

        return map;
    }
}
