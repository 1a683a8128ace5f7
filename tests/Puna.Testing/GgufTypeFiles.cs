using System.Text.Json;

namespace Puna.Testing;

/// <summary>The data's small model in every GGUF type, and in the mixes of llama.cpp: data/gguf-types and its expected.json.</summary>
public static class GgufTypeFiles
{
    /// <summary>Types and mixes that can be read, as the files are named.</summary>
    public static TheoryData<string> Readable => ReferenceCases.Rows(ReadableNames);

    /// <summary>Types and mixes with lattices, which are refused.</summary>
    public static TheoryData<string> Lattices =>
        ReferenceCases.Rows(Names(types => types.Any(IsLattice)));

    /// <summary>Types and mixes of blocks that can be read.</summary>
    public static TheoryData<string> Blocks =>
        ReferenceCases.Rows(Names(types => !types.Any(IsLattice) && !types.All(IsPlain)));

    /// <summary>The names of <see cref="Readable"/>, none where there is none.</summary>
    public static IReadOnlyList<string> ReadableNames => Names(types => !types.Any(IsLattice));

    /// <summary>The file with the original weights: its types are F32 only.</summary>
    public static string OriginalPath =>
        SharedData.Path(
            "gguf-types",
            Names(types => types is ["F32"]).FirstOrDefault(ReferenceCases.None) + ".gguf"
        );

    /// <summary>The types that a lattice type has in its file.</summary>
    public static IReadOnlyList<string> LatticesOf(string name)
    {
        using var expected = ReferenceCases.Json("gguf-types", "expected.json");
        return [.. Types(expected.RootElement.GetProperty(name)).Where(IsLattice)];
    }

    private static IReadOnlyList<string> Names(Func<string[], bool> condition)
    {
        if (ReferenceCases.FileNames("gguf-types", "expected.json").Count == 0)
        {
            return [];
        }

        using var expected = ReferenceCases.Json("gguf-types", "expected.json");
        return
        [
            .. expected
                .RootElement.EnumerateObject()
                .Where(entry => condition(Types(entry.Value)))
                .Select(entry => entry.Name),
        ];
    }

    private static string[] Types(JsonElement entry) =>
        [.. entry.GetProperty("types").EnumerateArray().Select(type => type.GetString()!)];

    // llama.cpp's types of one to three bits whose codes are points of a lattice: IQ1_S to IQ3_S.
    private static bool IsLattice(string type) => type is ['I', 'Q', '1' or '2' or '3', ..];

    private static bool IsPlain(string type) => type is "F32" or "F16" or "BF16";
}
