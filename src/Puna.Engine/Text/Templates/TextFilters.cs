using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Filters that make strings; each takes str() of its operand, as jinja2 does.</summary>
internal static class TextFilters
{
    /// <summary>A filter without arguments.</summary>
    public static Filters.Filter Mapped(string name, Func<string, string> change) =>
        (context, value, arguments) =>
        {
            arguments.Bind(context, name, 0);
            return context.Counted(change(PythonFormat.Str(context, value)));
        };

    /// <summary>The five HTML escapes.</summary>
    public static string Escape(string text) =>
        text.Replace("&", "&amp;")
            .Replace(">", "&gt;")
            .Replace("<", "&lt;")
            .Replace("'", "&#39;")
            .Replace("\"", "&#34;");

    /// <summary>The filter title, whose words part at blanks, dashes and opening brackets only (str.title differs).</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var start = 0; start < text.Length; )
        {
            var end = start;
            while (end < text.Length && !PartsWords(text[end]))
            {
                end++;
            }

            result.Append(PythonText.Capitalise(text[start..end]));
            for (start = end; start < text.Length && PartsWords(text[start]); start++)
            {
                result.Append(text[start]);
            }
        }

        return result.ToString();
    }

    public static object Trim(RenderContext context, object value, CallValues arguments)
    {
        var characters = arguments.Bind(context, "trim", 0, "chars")[0];
        var text = PythonFormat.Str(context, value);
        var stripped = characters is null or None
            ? null
            : StringMethods.TextOf(context, "trim", characters);
        context.ChargeSearch(text, stripped ?? "");
        return PythonText.Strip(text, stripped, true, true);
    }

    public static object Replace(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "replace", 2, "old", "new", "count");
        values[0] = PythonFormat.Str(context, values[0]!);
        values[1] = PythonFormat.Str(context, values[1]!);
        return TextSearch.Replace(context, PythonFormat.Str(context, value), values);
    }

    /// <summary>The filter format: "%s" style, with positional or named values.</summary>
    public static object Format(RenderContext context, object value, CallValues arguments)
    {
        object values;
        if (arguments.Named.Count > 0)
        {
            var map = new MapValue();
            foreach (var (name, named) in arguments.Named)
            {
                map.Set(name, named);
            }

            values = map;
        }
        else
        {
            values = new ListValue(arguments.Positional, true);
        }

        return PercentFormat.Apply(context, PythonFormat.Str(context, value), values);
    }

    /// <summary>indent(width=4, first=False, blank=False): all lines but the first; blank ones only if asked.</summary>
    public static object Indent(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "indent", 0, "width", "first", "blank");
        var indentation = values[0] switch
        {
            null => "    ",
            string given => given,
            { } width when Comparisons.Integer(width) is { } blanks => new string(
                ' ',
                (int)Math.Clamp(blanks, 0, 1000)
            ),
            { } other => throw context.ErrorOf(
                other,
                $"indent() needs a width, not {TypeNames.Of(other)}"
            ),
        };
        // An extra newline makes a text that ends with one keep it: splitlines would drop the last empty line.
        var lines = PythonText.SplitLines(PythonFormat.Str(context, value) + "\n", false);
        var result = new StringBuilder();
        for (var index = 0; index < lines.Count; index++)
        {
            var line = (string)lines[index];
            var isIndented =
                index == 0 ? Filters.IsOn(values[1]) : line.Length > 0 || Filters.IsOn(values[2]);
            context.ChargeText(
                (long)result.Length + indentation.Length + line.Length + 1,
                indentation.Length + line.Length + 1
            );
            result.Append(index > 0 ? "\n" : "").Append(isIndented ? indentation : "").Append(line);
        }

        return result.ToString();
    }

    public static object Center(RenderContext context, object value, CallValues arguments)
    {
        var width = arguments.Bind(context, "center", 0, "width")[0] ?? 80L;
        var center = StringMethods.Find(PythonFormat.Str(context, value), "center")!;
        return center.Invoke(context, new CallValues([width], []));
    }

    /// <summary>truncate(length=255, killwords=False, end='...', leeway=5).</summary>
    public static object Truncate(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "truncate", 0, "length", "killwords", "end", "leeway");
        var text = PythonFormat.Str(context, value);
        var end = values[2] is null ? "..." : StringMethods.TextOf(context, "truncate", values[2]!);
        var length = Comparisons.Integer(values[0] ?? 255L) ?? 255;
        var leeway = Comparisons.Integer(values[3] ?? 5L) ?? 5;
        var room = length - PythonText.Length(end);
        if (room < 0 || leeway < 0)
        {
            throw context.Error(
                $"truncate() needs a length of at least {PythonText.Length(end)} and a leeway of at least 0"
            );
        }

        if (PythonText.Length(text) - leeway <= length)
        {
            return text;
        }

        var cut = text[..PythonText.UnitIndex(text, room)];
        var blank = Filters.IsOn(values[1]) ? -1 : cut.LastIndexOf(' ');
        return context.Counted((blank < 0 ? cut : cut[..blank]) + end);
    }

    public static object WordCount(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "wordcount", 0);
        var text = PythonFormat.Str(context, value);
        context.ChargeReading(text);
        var count = 0L;
        var inWord = false;
        for (var at = 0; at < text.Length; at = PythonText.Next(text, at))
        {
            var isWord = PythonText.IsWordCharacter(text, at);
            count += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return count;
    }

    private static bool PartsWords(char character) =>
        character is '-' or '(' or '{' or '[' or '<' || PythonText.IsSpace(character);
}
