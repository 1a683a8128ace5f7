using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>
/// Python's "..." % values with the conversions s, r, d, i, u, f, F, x, X, o, c and %, flags, width, precision and
/// names in parentheses.
/// </summary>
internal static class PercentFormat
{
    public static string Apply(RenderContext context, string format, object values)
    {
        var positional = values switch
        {
            ListValue { IsTuple: true } tuple => tuple.Items,
            _ => [values],
        };
        var result = new StringBuilder();
        var used = 0;
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                result.Append(format[at]);
                continue;
            }

            var spec = FormatSpec.ReadPercent(context, format, ref at, out var name);
            if (spec.Type == '%')
            {
                result.Append('%');
                continue;
            }

            object? value;
            if (name is not null)
            {
                value = (values as MapValue)?.Find(name);
            }
            else
            {
                value = used < positional.Count ? positional[used++] : null;
            }

            if (value is null)
            {
                throw context.Error(
                    name is null
                        ? "not enough arguments for format string"
                        : $"no value '{name}' to format"
                );
            }

            var text = spec.Apply(context, value);
            context.ChargeText(text.Length);
            result.Append(text);
        }

        if (used < positional.Count && values is not MapValue)
        {
            throw context.Error("not all arguments converted during string formatting");
        }

        return context.Counted(result.ToString());
    }
}
