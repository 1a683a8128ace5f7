using System.Text.Json;

namespace Puna.Engine.Text.Templates;

/// <summary>Template values from JSON.</summary>
internal static class JsonValues
{
    private const int DepthLimit = 200;

    public static object Convert(JsonElement element) => Convert(element, 0);

    private static object Convert(JsonElement element, int depth)
    {
        if (depth > DepthLimit)
        {
            throw new InputException(
                $"The variables of the chat template are nested deeper than the {DepthLimit} levels that are accepted."
            );
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.String:
                return Text(() => element.GetString()!);
            case JsonValueKind.Number:
                return Number(element);
            case JsonValueKind.Array:
                var items = new List<object>(element.GetArrayLength());
                foreach (var item in element.EnumerateArray())
                {
                    items.Add(Convert(item, depth + 1));
                }

                return new ListValue(items);
            case JsonValueKind.Object:
                var map = new MapValue();
                foreach (var property in element.EnumerateObject())
                {
                    map.Set(Text(() => property.Name), Convert(property.Value, depth + 1));
                }

                return map;
            default:
                return None.Value;
        }
    }

    private static object Number(JsonElement element)
    {
        var text = element.GetRawText();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            return element.GetDouble();
        }

        return element.TryGetInt64(out var whole)
            ? whole
            : throw new InputException(
                $"The variables of the chat template have the integer {(text.Length > 40 ? text[..40] + "..." : text)}, but only 64-bit integers are accepted."
            );
    }

    private static string Text(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException exception)
        {
            throw new InputException(
                "The variables of the chat template have a string that is not valid Unicode, for example half of a surrogate pair.",
                exception
            );
        }
    }
}
