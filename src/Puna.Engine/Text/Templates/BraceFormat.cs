using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's "...{}...".format(...): fields by order, number or name, with a format after a colon; no attributes.</summary>
internal static class BraceFormat
{
    public static string Apply(RenderContext context, string format, CallValues values)
    {
        var result = new StringBuilder();
        var automatic = 0;
        for (var at = 0; at < format.Length; at++)
        {
            var character = format[at];
            if (character is not ('{' or '}'))
            {
                result.Append(character);
            }
            else if (at + 1 < format.Length && format[at + 1] == character)
            {
                result.Append(character);
                at++;
            }
            else
            {
                var close = character == '{' ? format.IndexOf('}', at) : -1;
                if (close < 0)
                {
                    throw context.Error($"Single '{character}' encountered in format string");
                }

                var text = Field(context, format[(at + 1)..close], values, ref automatic);
                context.ChargeText(text.Length);
                result.Append(text);
                at = close;
            }
        }

        return context.Counted(result.ToString());
    }

    private static string Field(
        RenderContext context,
        string field,
        CallValues values,
        ref int automatic
    )
    {
        var colon = field.IndexOf(':');
        var name = colon < 0 ? field : field[..colon];
        var spec = FormatSpec.ReadBrace(context, colon < 0 ? "" : field[(colon + 1)..]);
        if (name.EndsWith("!r", StringComparison.Ordinal))
        {
            name = name[..^2];
            spec = spec with { Type = 'r' };
        }
        else if (name.EndsWith("!s", StringComparison.Ordinal))
        {
            name = name[..^2];
        }

        object? value = null;
        if (name.Length == 0)
        {
            value = values.Positional.ElementAtOrDefault(automatic++);
        }
        else if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            value = values.Positional.ElementAtOrDefault(index);
        }
        else
        {
            context.Charge(values.Named.Count);
            foreach (var (key, named) in values.Named)
            {
                value = key == name ? named : value;
            }
        }

        return value is null
            ? throw context.Error($"no value for the field '{{{name}}}' of a format")
            : spec.Apply(context, value);
    }
}
