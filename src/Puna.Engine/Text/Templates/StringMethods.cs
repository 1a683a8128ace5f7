using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's methods of str.</summary>
internal static class StringMethods
{
    private delegate object Method(RenderContext context, string text, CallValues arguments);

    private static readonly Dictionary<string, Method> All = new()
    {
        ["capitalize"] = Plain(PythonText.Capitalise),
        ["casefold"] = Plain(text => text.ToLowerInvariant()),
        ["count"] = (context, text, arguments) =>
            TextSearch.Count(
                context,
                text,
                arguments.Bind(context, "count", 1, "sub", "start", "end")
            ),
        ["endswith"] = (context, text, arguments) =>
            TextSearch.HasAffix(
                context,
                text,
                arguments.Bind(context, "endswith", 1, "suffix", "start", "end"),
                true
            ),
        ["find"] = Search("find", fromEnd: false, mustFind: false),
        ["format"] = (context, text, arguments) => BraceFormat.Apply(context, text, arguments),
        ["index"] = Search("index", fromEnd: false, mustFind: true),
        ["isalnum"] = EveryCharacter(rune => Rune.IsLetterOrDigit(rune)),
        ["isalpha"] = EveryCharacter(rune => Rune.IsLetter(rune)),
        ["isdecimal"] = EveryCharacter(rune => Rune.IsDigit(rune)),
        ["isdigit"] = EveryCharacter(rune => Rune.IsDigit(rune)),
        ["isnumeric"] = EveryCharacter(rune => Rune.IsNumber(rune)),
        ["isspace"] = EveryCharacter(rune =>
            rune.Value <= 0xFFFF && PythonText.IsSpace((char)rune.Value)
        ),
        ["islower"] = Plain(text => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        ["isupper"] = Plain(text => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        ["join"] = Join,
        ["ljust"] = Justify("ljust", '<'),
        ["center"] = Justify("center", '^'),
        ["rjust"] = Justify("rjust", '>'),
        ["zfill"] = (context, text, arguments) =>
            new FormatSpec(
                '0',
                '=',
                '-',
                false,
                Width(context, arguments.Bind(context, "zfill", 1, "width")[0]!),
                -1,
                's'
            ).Apply(context, text),
        ["lower"] = Plain(text => text.ToLowerInvariant()),
        ["lstrip"] = Strip("lstrip", true, false),
        ["partition"] = Partition(fromEnd: false),
        ["removeprefix"] = (context, text, arguments) =>
            Affix(context, arguments, "removeprefix") is var prefix
            && text.StartsWith(prefix, StringComparison.Ordinal)
                ? text[prefix.Length..]
                : text,
        ["removesuffix"] = (context, text, arguments) =>
            Affix(context, arguments, "removesuffix") is var suffix
            && text.EndsWith(suffix, StringComparison.Ordinal)
                ? text[..^suffix.Length]
                : text,
        ["replace"] = (context, text, arguments) =>
            TextSearch.Replace(
                context,
                text,
                arguments.Bind(context, "replace", 2, "old", "new", "count")
            ),
        ["rfind"] = Search("rfind", fromEnd: true, mustFind: false),
        ["rindex"] = Search("rindex", fromEnd: true, mustFind: true),
        ["rpartition"] = Partition(fromEnd: true),
        ["rsplit"] = (context, text, arguments) =>
            TextSearch.Split(
                context,
                text,
                arguments.Bind(context, "rsplit", 0, "sep", "maxsplit"),
                true
            ),
        ["rstrip"] = Strip("rstrip", false, true),
        ["split"] = (context, text, arguments) =>
            TextSearch.Split(
                context,
                text,
                arguments.Bind(context, "split", 0, "sep", "maxsplit"),
                false
            ),
        ["splitlines"] = (context, text, arguments) =>
            new ListValue(
                PythonText.SplitLines(
                    text,
                    arguments.Bind(context, "splitlines", 0, "keepends")[0] is { } keeps
                        && Comparisons.IsTrue(keeps)
                )
            ),
        ["startswith"] = (context, text, arguments) =>
            TextSearch.HasAffix(
                context,
                text,
                arguments.Bind(context, "startswith", 1, "prefix", "start", "end"),
                false
            ),
        ["strip"] = Strip("strip", true, true),
        ["swapcase"] = Plain(text =>
            string.Concat(
                text.Select(character =>
                    char.IsUpper(character)
                        ? char.ToLowerInvariant(character)
                        : char.ToUpperInvariant(character)
                )
            )
        ),
        ["title"] = Plain(PythonText.Title),
        ["upper"] = Plain(text => text.ToUpperInvariant()),
    };

    /// <summary>A method bound to its string, or null where str has none of that name.</summary>
    public static Callable? Find(string text, string name) =>
        All.TryGetValue(name, out var method)
            ? new Callable(
                name,
                (context, arguments) =>
                {
                    context.ChargeReading(text);
                    return method(context, text, arguments);
                }
            )
            : null;

    /// <summary>An argument that must be a string.</summary>
    public static string TextOf(RenderContext context, string function, object value) =>
        value as string
        ?? throw context.ErrorOf(value, $"{function}() needs a string, not {TypeNames.Of(value)}");

    private static Method Plain(Func<string, object> apply) =>
        (context, text, arguments) =>
        {
            arguments.Bind(context, "this method", 0);
            return apply(text);
        };

    private static Method EveryCharacter(Func<Rune, bool> matches) =>
        Plain(text => text.Length > 0 && text.EnumerateRunes().All(matches));

    private static Method Search(string name, bool fromEnd, bool mustFind) =>
        (context, text, arguments) =>
        {
            var values = arguments.Bind(context, name, 1, "sub", "start", "end");
            var index = TextSearch.Find(context, text, values, fromEnd);
            return index < 0 && mustFind ? throw context.Error("substring not found") : index;
        };

    private static Method Strip(string name, bool left, bool right) =>
        (context, text, arguments) =>
        {
            var value = arguments.Bind(context, name, 0, "chars")[0];
            var characters = value is null or None ? null : TextOf(context, name, value);
            context.ChargeSearch(text, characters ?? "");
            return PythonText.Strip(text, characters, left, right);
        };

    private static Method Justify(string name, char align) =>
        (context, text, arguments) =>
        {
            var values = arguments.Bind(context, name, 1, "width", "fillchar");
            var fill = values[1] is null ? " " : TextOf(context, name, values[1]!);
            if (fill.Length != 1)
            {
                throw context.Error("the fill character must be exactly one character long");
            }

            var width = Width(context, values[0]!);
            var missing = Math.Max(width - PythonText.Length(text), 0);
            // str.center puts the odd blank to the left only where the width is odd too.
            var left = align switch
            {
                '<' => 0,
                '>' => missing,
                _ => (missing / 2) + (missing & width & 1),
            };
            return new string(fill[0], left) + text + new string(fill[0], missing - left);
        };

    private static int Width(RenderContext context, object value)
    {
        var width =
            Comparisons.Integer(value)
            ?? throw context.ErrorOf(
                value,
                $"a width must be an integer, not {TypeNames.Of(value)}"
            );
        context.ChargeText(Math.Max(width, 0));
        return (int)Math.Max(width, 0);
    }

    private static string Affix(RenderContext context, CallValues arguments, string name) =>
        TextOf(context, name, arguments.Bind(context, name, 1, "affix")[0]!);

    private static object Join(RenderContext context, string separator, CallValues arguments)
    {
        var items = Subscripts.Iterate(context, arguments.Bind(context, "join", 1, "iterable")[0]!);
        return TextSearch.Join(
            context,
            separator,
            items.Select(item => TextOf(context, "join", item))
        );
    }

    private static Method Partition(bool fromEnd) =>
        (context, text, arguments) =>
        {
            var separator = TextOf(
                context,
                "partition",
                arguments.Bind(context, "partition", 1, "sep")[0]!
            );
            context.ChargeSearch(text, separator);
            if (separator.Length == 0)
            {
                throw context.Error("empty separator");
            }

            var at = fromEnd
                ? text.LastIndexOf(separator, StringComparison.Ordinal)
                : text.IndexOf(separator, StringComparison.Ordinal);
            object[] parts =
                at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]]
                : fromEnd ? ["", "", text]
                : [text, "", ""];
            return new ListValue(parts, true);
        };
}
