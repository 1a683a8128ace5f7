using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's json.dumps, which transformers puts in place of jinja2's tojson: no HTML escapes, ", " and ": ".</summary>
internal sealed class TemplateJson
{
    private readonly RenderContext _context;
    private readonly StringBuilder _text = new();
    private readonly bool _isAscii;
    private readonly bool _sortsKeys;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;

    private TemplateJson(RenderContext context, object?[] options)
    {
        _context = context;
        _isAscii = options[0] is { } ascii && Comparisons.IsTrue(ascii);
        _indent = options[1] switch
        {
            null or None => null,
            string text => text,
            { } value when Comparisons.Integer(value) is { } width => new string(
                ' ',
                (int)Math.Clamp(width, 0, 1000)
            ),
            { } value => throw context.Error($"tojson() cannot indent by {TypeNames.Of(value)}"),
        };
        (_itemSeparator, _keySeparator) = options[2] switch
        {
            null or None => (_indent is null ? ", " : ",", ": "),
            ListValue { Items: [string item, string key] } => (item, key),
            _ => throw context.Error("tojson() takes two strings as separators"),
        };
        _sortsKeys = options[3] is { } sorts && Comparisons.IsTrue(sorts);
    }

    /// <summary>The filter tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False).</summary>
    public static string Write(RenderContext context, object value, CallValues arguments)
    {
        var options = arguments.Bind(
            context,
            "tojson",
            0,
            "ensure_ascii",
            "indent",
            "separators",
            "sort_keys"
        );
        var json = new TemplateJson(context, options);
        json.Append(value, 0);
        return json._text.ToString();
    }

    private void Append(object value, int level)
    {
        _context.Enter();
        switch (value)
        {
            case string text:
                AppendString(text);
                break;
            case ListValue list:
                AppendList(list, level);
                break;
            case MapValue map:
                AppendMap(map, level);
                break;
            default:
                AppendText(
                    Scalar(value)
                        ?? throw _context.ErrorOf(
                            value,
                            $"Object of type {TypeNames.Of(value)} is not JSON serializable"
                        )
                );
                break;
        }

        _context.Leave();
    }

    private static string? Scalar(object value) =>
        value switch
        {
            None => "null",
            bool flag => flag ? "true" : "false",
            long number => number.ToString(CultureInfo.InvariantCulture),
            double.NaN => "NaN",
            double.PositiveInfinity => "Infinity",
            double.NegativeInfinity => "-Infinity",
            double number => PythonFormat.Repr(number),
            _ => null,
        };

    private void AppendList(ListValue list, int level)
    {
        AppendText("[");
        for (var index = 0; index < list.Count; index++)
        {
            AppendText(index > 0 ? _itemSeparator : "");
            AppendNewLine(level + 1);
            Append(list.Items[index], level + 1);
        }

        if (list.Count > 0)
        {
            AppendNewLine(level);
        }

        AppendText("]");
    }

    private void AppendMap(MapValue map, int level)
    {
        AppendText("{");
        var isFirst = true;
        foreach (var (key, value) in Entries(map))
        {
            AppendText(isFirst ? "" : _itemSeparator);
            isFirst = false;
            AppendNewLine(level + 1);
            AppendString(key as string ?? Scalar(key)!);
            AppendText(_keySeparator);
            Append(value, level + 1);
        }

        if (map.Count > 0)
        {
            AppendNewLine(level);
        }

        AppendText("}");
    }

    private IEnumerable<KeyValuePair<object, object>> Entries(MapValue map) =>
        _sortsKeys
            ? Sorting.Sorted(
                map.Entries.ToList(),
                (left, right) => Comparisons.Order(_context, "<", left.Key, right.Key) ?? 0
            )
            : map.Entries;

    private void AppendNewLine(int level)
    {
        if (_indent is not null)
        {
            _context.ChargeText((long)_indent.Length * level);
            AppendText("\n");
            _text.Insert(_text.Length, _indent, level);
        }
    }

    private void AppendString(string text)
    {
        var start = _text.Length;
        _text.Append('"');
        foreach (var character in text)
        {
            var index = "\"\\\n\r\t\b\f".IndexOf(character);
            if (index >= 0)
            {
                _text.Append('\\').Append("\"\\nrtbf"[index]);
            }
            else if (character < ' ' || (_isAscii && character > '~'))
            {
                _text.Append($"\\u{(int)character:x4}");
            }
            else
            {
                _text.Append(character);
            }
        }

        _text.Append('"');
        _context.ChargeText(_text.Length - start);
    }

    private void AppendText(string text)
    {
        _context.ChargeText(text.Length);
        _text.Append(text);
    }
}
