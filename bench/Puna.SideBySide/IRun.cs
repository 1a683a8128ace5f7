namespace Puna.SideBySide;

/// <summary>One program on one file; it is run again in each round.</summary>
public interface IRun
{
    /// <summary>Name in its contest.</summary>
    string Name { get; }

    /// <summary>Makes the files that it needs.</summary>
    void Prepare(Setup setup);

    /// <summary>Measures <paramref name="repeats"/> times and gives the samples of its figures by name.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats);
}
