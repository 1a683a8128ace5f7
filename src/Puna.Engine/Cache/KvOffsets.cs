namespace Puna.Engine.Cache;

/// <summary>The distinct offsets at which the entries of a sequence lie; the first is always 0.</summary>
internal sealed class KvOffsets
{
    private int[] _values = new int[4];
    private int _count = 1;

    public ReadOnlySpan<int> Values => _values.AsSpan(0, _count);

    /// <summary>Forgets all but 0.</summary>
    public void Clear() => _count = 1;

    /// <summary>Index of an offset, which is added when it is new.</summary>
    public int IndexOf(int offset)
    {
        var index = Values.IndexOf(offset);
        if (index >= 0)
        {
            return index;
        }

        if (_count == _values.Length)
        {
            Array.Resize(ref _values, _count * 2);
        }

        _values[_count] = offset;
        return _count++;
    }

    public KvOffsets Copy() => new() { _values = [.. _values], _count = _count };
}
