using System.Text;
using Puna.Kernels.Emitted;

namespace Puna.Engine.Text.Templates;

/// <summary>Executes the statements of a template into the context's output.</summary>
internal sealed class StatementEvaluator(RenderContext context)
{
    private readonly ExpressionEvaluator _expressions = new(context);
    private int _loopDepth;

    private enum Flow
    {
        Onward,
        Break,
        Continue,
    }

    /// <summary>Renders a whole template.</summary>
    public void Run(IReadOnlyList<Statement> body, Scope scope) => Execute(body, scope);

    private Flow Execute(IReadOnlyList<Statement> body, Scope scope)
    {
        context.Enter();
        var flow = Flow.Onward;
        for (var index = 0; index < body.Count && flow == Flow.Onward; index++)
        {
            flow = Execute(body[index], scope);
        }

        context.Leave();
        return flow;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        context.Line = statement.Line;
        context.Charge(1);
        switch (statement)
        {
            case Statement.Text text:
                context.Write(text.Value);
                return Flow.Onward;
            case Statement.Output output:
                context.Write(
                    PythonFormat.Str(context, _expressions.Evaluate(output.Value, scope))
                );
                return Flow.Onward;
            case Statement.If choice:
                return ExecuteIf(choice, scope);
            case Statement.For loop:
                return ExecuteFor(loop, scope);
            case Statement.Set set:
                Bind(set.Target, _expressions.Evaluate(set.Value, scope), scope);
                return Flow.Onward;
            case Statement.Capture capture:
                return ExecuteCapture(capture, scope);
            case Statement.Macro macro:
                scope.Set(macro.Name, DefineMacro(macro, scope));
                return Flow.Onward;
            case Statement.Scoped scoped:
                return ExecuteScoped(scoped, scope);
            case Statement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private Flow ExecuteIf(Statement.If choice, Scope scope)
    {
        foreach (var (condition, body) in choice.Branches)
        {
            if (condition is null || _expressions.IsTrue(condition, scope))
            {
                return Execute(body, scope);
            }
        }

        return Flow.Onward;
    }

    private Flow ExecuteFor(Statement.For node, Scope scope)
    {
        var items = Subscripts.Iterate(context, _expressions.Evaluate(node.Iterable, scope));
        if (node.Condition is not null)
        {
            items = Chosen(node, items, scope);
        }

        if (items.Count == 0)
        {
            return Execute(node.Otherwise, new Scope(scope));
        }

        var loop = new LoopValue(items, ++_loopDepth);
        for (; loop.Index < items.Count; loop.Index++)
        {
            // A name set in one iteration is gone in the next: only a namespace carries values out of a loop.
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            Bind(node.Target, items[loop.Index], inner);
            if (Execute(node.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        _loopDepth--;
        return Flow.Onward;
    }

    private List<object> Chosen(Statement.For node, IReadOnlyList<object> items, Scope scope)
    {
        var chosen = new List<object>();
        foreach (var item in items)
        {
            var inner = new Scope(scope);
            Bind(node.Target, item, inner);
            if (_expressions.IsTrue(node.Condition!, inner))
            {
                chosen.Add(item);
            }
        }

        return chosen;
    }

    private Flow ExecuteCapture(Statement.Capture capture, Scope scope)
    {
        var flow = Captured(capture.Body, new Scope(scope), out var text);
        object value = text;
        foreach (var filter in capture.Filters)
        {
            value = _expressions.ApplyFilter(filter, value, scope);
        }

        if (capture.Target is null)
        {
            context.Write(PythonFormat.Str(context, value));
        }
        else
        {
            Bind(capture.Target, value, scope);
        }

        return flow;
    }

    private Flow Captured(IReadOnlyList<Statement> body, Scope scope, out string text)
    {
        var outer = context.Output;
        context.Output = new StringBuilder();
        var flow = Execute(body, scope);
        text = context.Output.ToString();
        context.Output = outer;
        return flow;
    }

    private Flow ExecuteScoped(Statement.Scoped scoped, Scope scope)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in scoped.Bindings)
        {
            Bind(target, _expressions.Evaluate(value, scope), inner);
        }

        return Execute(scoped.Body, inner);
    }

    private void Bind(Expression target, object value, Scope scope)
    {
        switch (target)
        {
            case Expression.Name name:
                scope.Set(name.Identifier, value);
                break;
            case Expression.NamespaceAttribute attribute:
                context.Line = attribute.Line;
                if (scope.Find(attribute.Namespace) is not NamespaceValue space)
                {
                    throw context.Error("cannot assign attribute on non-namespace object");
                }

                space.Attributes[attribute.Identifier] = value;
                break;
            case Expression.Sequence tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private void Unpack(Expression.Sequence targets, object value, Scope scope)
    {
        context.Line = targets.Line;
        var parts = Subscripts.Iterate(context, value);
        var count = targets.Items.Count;
        if (parts.Count != count)
        {
            throw context.Error(
                parts.Count > count
                    ? $"too many values to unpack (expected {count})"
                    : $"not enough values to unpack (expected {count}, got {parts.Count})"
            );
        }

        for (var index = 0; index < count; index++)
        {
            Bind(targets.Items[index], parts[index], scope);
        }
    }

    private Callable DefineMacro(Statement.Macro macro, Scope scope) =>
        new(
            macro.Name,
            (_, arguments) =>
            {
                context.Enter();
                var inner = new Scope(scope);
                BindParameters(macro, arguments, inner);
                var outerLoops = _loopDepth;
                _loopDepth = 0;
                Captured(macro.Body, inner, out var text);
                _loopDepth = outerLoops;
                context.Leave();
                return text;
            }
        );

    private void BindParameters(Statement.Macro macro, CallValues arguments, Scope inner)
    {
        var parameters = macro.Parameters;
        var named = new Dictionary<string, object>();
        foreach (var (name, value) in arguments.Named)
        {
            named[name] = value;
        }

        for (var index = 0; index < parameters.Count; index++)
        {
            var (name, standard) = parameters[index];
            var isPositional = index < arguments.Positional.Count;
            if (named.Remove(name, out var value) && isPositional)
            {
                throw context.Error(
                    $"macro '{macro.Name}' got multiple values for argument '{name}'"
                );
            }

            value = isPositional ? arguments.Positional[index] : value;
            value ??= standard is null
                ? new Undefined($"parameter '{name}' was not provided")
                : _expressions.Evaluate(standard, inner);
            inner.Set(name, value);
        }

        BindRest(macro, arguments, named, inner);
    }

    private void BindRest(
        Statement.Macro macro,
        CallValues arguments,
        Dictionary<string, object> named,
        Scope inner
    )
    {
        var extra = arguments.Positional.Skip(macro.Parameters.Count).ToList();
        if (extra.Count > 0 && !macro.TakesVariableList)
        {
            throw context.Error(
                $"macro '{macro.Name}' takes not more than {macro.Parameters.Count} argument(s)"
            );
        }

        if (named.Count > 0 && !macro.TakesVariableMap)
        {
            throw context.Error(
                $"macro '{macro.Name}' takes no keyword argument '{named.Keys.First()}'"
            );
        }

        if (macro.TakesVariableList)
        {
            inner.Set("varargs", new ListValue(extra, true));
        }

        if (macro.TakesVariableMap)
        {
            var map = new MapValue();
            foreach (var (name, value) in named)
            {
                map.Set(name, value);
            }

            inner.Set("kwargs", map);
        }
    }
}
