namespace Puna.EndToEnd.Tests;

/// <summary>The order of the folders of each assembly, as docs/architecture.md writes it: a folder uses only those before it.</summary>
internal sealed class RoomOrder
{
    private readonly Dictionary<string, int> _ranks = new(StringComparer.Ordinal);

    /// <summary>Takes folders as namespaces, lowest first.</summary>
    public RoomOrder(IEnumerable<string> namespaces)
    {
        foreach (var name in namespaces)
        {
            _ranks.Add(name, _ranks.Count);
        }
    }

    /// <summary>All folders, lowest first.</summary>
    public IEnumerable<string> Names => _ranks.Keys;

    /// <summary>
    /// Reads the order of an assembly: the code block that begins with its name, a line for each room, its folders from
    /// left to right; "." is the assembly's own folder.
    /// </summary>
    public static RoomOrder Read(string document, string assembly)
    {
        var lines = File.ReadAllLines(document);
        var start = Array.IndexOf(lines, assembly + ":");
        Assert.True(start > 0, $"docs/architecture.md states no order for {assembly}.");
        return new RoomOrder(
            lines
                .Skip(start + 1)
                .TakeWhile(line => line.StartsWith(' '))
                .SelectMany(line =>
                    line.Split(
                            "  ",
                            2,
                            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
                        )[0]
                        .Split(' ')
                )
                .Select(folder =>
                    folder == "." ? assembly : $"{assembly}.{folder.Replace('/', '.')}"
                )
        );
    }

    /// <summary>The arrows that point upwards, or touch a folder that has no place, with what is behind each.</summary>
    public IEnumerable<string> Violations(
        IReadOnlyDictionary<(string From, string To), string> arrows
    ) =>
        from arrow in arrows
        let known = _ranks.ContainsKey(arrow.Key.From) && _ranks.ContainsKey(arrow.Key.To)
        where !known || _ranks[arrow.Key.From] < _ranks[arrow.Key.To]
        select $"{arrow.Key.From} -> {arrow.Key.To} ({arrow.Value})";
}
