using System.Text.Json;

namespace Puna.Engine.Files.Json;

/// <summary>
/// The fields of a JSON object from a file, by name and kind: absent and null are the same, another kind is an
/// <see cref="InputException"/> that names the file and the field.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="element">The object.</param>
/// <param name="source">What the messages call the object; null = the file.</param>
internal readonly struct JsonFields(string path, JsonElement element, string? source = null)
{
    private readonly string _path = path;
    private readonly string? _source = source;
    private readonly JsonElement _element = element;

    /// <summary>What messages call the object: they begin with it.</summary>
    public string Source => _source ?? $"'{_path}'";

    public bool Has(string name) => Find(name) is not null;

    /// <summary>True when the field is written, be it null.</summary>
    public bool IsWritten(string name) => _element.TryGetProperty(name, out _);

    public int Integer(string name) =>
        OptionalInteger(name) ?? throw new InputException($"{Source} lacks the field '{name}'.");

    public int? OptionalInteger(string name) =>
        Find(name) is { } value ? IntegerOf(name, value) : null;

    public double? Number(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble())
            ? value.GetDouble()
            : throw Mismatch(name, "a number", value);
    }

    public bool? Flag(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Mismatch(name, "true or false", value);

    public string? Text(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw Mismatch(name, "a string", value);
        }

        return TextOf(name, value);
    }

    public JsonFields? Object(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonFields(_path, value, _source)
        : throw Mismatch(name, "an object", value);

    /// <summary>A list of objects, which must be there.</summary>
    public JsonFields[] Objects(string name)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Array } value)
        {
            throw new InputException(
                $"{Source} should have a list of objects in the field '{name}'."
            );
        }

        var fields = this;
        return
        [
            .. value
                .EnumerateArray()
                .Select(item =>
                    item.ValueKind == JsonValueKind.Object
                        ? new JsonFields(fields._path, item, fields._source)
                        : throw fields.Mismatch(name, "a list of objects", item)
                ),
        ];
    }

    /// <summary>A list of integers; a single integer counts as a list of one.</summary>
    public int[]? Integers(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        var fields = this;
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => fields.IntegerOf(name, item))]
            : [IntegerOf(name, value)];
    }

    public string[]? Texts(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Mismatch(name, "a list of strings", value);
        }

        var fields = this;
        return
        [
            .. value
                .EnumerateArray()
                .Select(item =>
                    item.ValueKind == JsonValueKind.String
                        ? fields.TextOf(name, item)
                        : throw fields.Mismatch(name, "a list of strings", item)
                ),
        ];
    }

    private JsonElement? Find(string name) =>
        _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private int IntegerOf(string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            if (value.TryGetInt32(out var integer))
            {
                return integer;
            }

            // Some writers put 4096.0 where an integer is meant.
            var number = value.GetDouble();
            if (number is >= int.MinValue and <= int.MaxValue && Math.Floor(number) == number)
            {
                return (int)number;
            }
        }

        throw Mismatch(name, "an integer of 32 bits", value);
    }

    private string TextOf(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException fault)
        {
            // A lone surrogate written as an escape.
            throw new InputException(
                $"{Source} has text in the field '{name}' that is no valid Unicode.",
                fault
            );
        }
    }

    private InputException Mismatch(string name, string wanted, JsonElement found)
    {
        var shown = PrintableText.Short(found.GetRawText());
        return new InputException(
            $"{Source} should have {wanted} in the field '{name}', but has {shown}."
        );
    }
}
