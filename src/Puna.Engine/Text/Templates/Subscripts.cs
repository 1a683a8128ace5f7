using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text.Templates;

/// <summary>owner.name, owner[index] and owner[start:stop:step] with jinja2's order of attribute and item lookup.</summary>
internal static class Subscripts
{
    /// <summary>owner.name: a method or attribute first, then a map's entry.</summary>
    public static object Attribute(RenderContext context, object owner, string name) =>
        owner is Undefined undefined
            ? throw context.Error(undefined.Message)
            : OwnAttribute(owner, name)
                ?? (owner as MapValue)?.Find(name)
                ?? Undefined.Attribute(owner, name);

    /// <summary>owner[index]: an entry or element first, then a method or attribute.</summary>
    public static object Item(RenderContext context, object owner, object index)
    {
        context.ChargeReading(index);
        var found = owner switch
        {
            Undefined undefined => throw context.Error(undefined.Message),
            MapValue map => map.Find(index),
            ListValue list when Comparisons.Integer(index) is { } at => Element(list, at),
            string text when Comparisons.Integer(index) is { } at => Character(context, text, at),
            _ => null,
        };
        return found
            ?? (index is string name ? OwnAttribute(owner, name) : null)
            ?? Undefined.Item(owner, index);
    }

    /// <summary>The elements between the bounds, step by step; bounds beyond the ends are cut, as Python does.</summary>
    public static object Slice(
        RenderContext context,
        object owner,
        object start,
        object stop,
        object step
    )
    {
        if (owner is Undefined undefined)
        {
            throw context.Error(undefined.Message);
        }

        var stride = Bound(context, step) ?? 1;
        if (stride == 0)
        {
            throw context.Error("slice step cannot be zero");
        }

        if (owner is not (string or ListValue))
        {
            return new Undefined($"{TypeNames.OfOwner(owner)} cannot be sliced");
        }

        context.ChargeReading(owner);
        var length = owner is string counted
            ? PythonText.Length(counted)
            : ((ListValue)owner).Count;
        // Beyond the length a stride only ends the walk; cutting it keeps the sum below from overflowing.
        stride = Math.Clamp(stride, -length - 1, length + 1);
        var lowest = stride > 0 ? 0 : -1;
        var highest = stride > 0 ? length : length - 1;
        var first = stride > 0 ? lowest : highest;
        var at = Cut(Bound(context, start), length, lowest, highest, first);
        var end = Cut(Bound(context, stop), length, lowest, highest, lowest + highest - first);
        if (owner is string text && stride == 1)
        {
            var unit = PythonText.UnitIndex(text, at);
            return at < end ? context.Counted(text[unit..PythonText.UnitIndex(text, end)]) : "";
        }

        var items = owner is string letters
            ? PythonText.Characters(letters)
            : ((ListValue)owner).Items;
        var parts = new List<object>();
        context.Charge(length);
        for (; stride > 0 ? at < end : at > end; at += stride)
        {
            parts.Add(items[(int)at]);
        }

        return owner is ListValue { IsTuple: var isTuple }
            ? new ListValue(parts, isTuple)
            : string.Concat(parts);
    }

    /// <summary>The elements that a for visits: of a list, a map's keys, a string's characters, none of an undefined value.</summary>
    public static IReadOnlyList<object> Iterate(RenderContext context, object value)
    {
        switch (value)
        {
            case ListValue list:
                context.Charge(list.Count);
                return list.Items;
            case MapValue map:
                context.Charge(map.Count);
                return [.. map.Keys];
            case string text:
                // Each character becomes a string object of its own.
                context.Charge(4L * text.Length);
                return PythonText.Characters(text);
            case Undefined:
                return [];
            default:
                throw context.Error($"'{TypeNames.Of(value)}' object is not iterable");
        }
    }

    private static object? OwnAttribute(object owner, string name) =>
        owner switch
        {
            string text => StringMethods.Find(text, name),
            MapValue map => CollectionMethods.Find(map, name),
            ListValue list => CollectionMethods.Find(list, name),
            NamespaceValue space => space.Attributes.GetValueOrDefault(name),
            LoopValue loop => loop.Find(name),
            _ => null,
        };

    private static object? Element(ListValue list, long index)
    {
        index += index < 0 ? list.Count : 0;
        return index >= 0 && index < list.Count ? list.Items[(int)index] : null;
    }

    private static object? Character(RenderContext context, string text, long index)
    {
        context.Charge(text.Length / 16);
        index += index < 0 ? PythonText.Length(text) : 0;
        var at = index < 0 ? text.Length : PythonText.UnitIndex(text, index);
        return at < text.Length ? text[at..PythonText.Next(text, at)] : null;
    }

    private static long? Bound(RenderContext context, object value) =>
        value is None
            ? null
            : Comparisons.Integer(value)
                ?? throw context.ErrorOf(value, "slice indices must be integers or None");

    private static long Cut(long? bound, int count, long lowest, long highest, long missing) =>
        bound is not { } value
            ? missing
            : Math.Clamp(value < 0 ? Math.Max(value, -count - 1) + count : value, lowest, highest);
}
