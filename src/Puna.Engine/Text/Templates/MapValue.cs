namespace Puna.Engine.Text.Templates;

/// <summary>A dict: keys in the order of insertion, equal as Python has it (1, 1.0 and True are one key).</summary>
internal sealed class MapValue
{
    private readonly OrderedDictionary<object, object> _entries = new(KeyComparer.Instance);

    public IEnumerable<KeyValuePair<object, object>> Entries => _entries;

    public IEnumerable<object> Keys => _entries.Keys;

    public int Count => _entries.Count;

    /// <summary>Whether a value may be a key: None, numbers and strings (of tuples none is needed).</summary>
    public static bool IsKey(object value) => value is None or bool or long or double or string;

    /// <summary>Sets an entry; an existing key keeps its place and spelling.</summary>
    public void Set(object key, object value) => _entries[key] = value;

    /// <summary>The value of a key, or null; a value that cannot be a key is never found.</summary>
    public object? Find(object key) =>
        IsKey(key) && _entries.TryGetValue(key, out var value) ? value : null;

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => Normal(x!).Equals(Normal(y!));

        public int GetHashCode(object obj) => Normal(obj).GetHashCode();

        private static object Normal(object key) =>
            key switch
            {
                bool flag => flag ? 1L : 0L,
                double number when number == Math.Floor(number) && Math.Abs(number) < 9e15 =>
                    (long)number,
                _ => key,
            };
    }
}
