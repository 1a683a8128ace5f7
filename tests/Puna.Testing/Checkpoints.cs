using System.Buffers.Binary;

namespace Puna.Testing;

/// <summary>
/// The weights of data/weights that come in several forms: a folder hf and llama2.c files beside it (.bin, but those of
/// tokenizers, whose names begin with tok).
/// </summary>
public static class Checkpoints
{
    /// <summary>Model and form of all of them.</summary>
    public static TheoryData<string, string> All => Rows(_ => true);

    /// <summary>Those with the very weights, hf among them.</summary>
    public static TheoryData<string, string> Exact => Rows(form => form.Version != 2);

    /// <summary>Those of llama2.c.</summary>
    public static TheoryData<string, string> Llama2c => Rows(form => form.Name != "hf");

    /// <summary>Those of llama2.c in f32.</summary>
    public static TheoryData<string, string> ExactLlama2c =>
        Rows(form => form.Name != "hf" && form.Version != 2);

    /// <summary>Paths in the data of all of them.</summary>
    public static IEnumerable<string> Paths =>
        Forms().Select(form => $"weights/{form.Model}/{form.Name}");

    /// <summary>What the first bytes say that a file is: version (0 for the legacy form) and size of its groups.</summary>
    public static (int Version, int GroupSize) Header(string path)
    {
        const int Magic = 0x616b3432;
        const int GroupSizeOffset = 9 * sizeof(int) + 1;
        Span<byte> header = stackalloc byte[GroupSizeOffset + sizeof(int)];
        using var file = File.OpenRead(path);
        file.ReadExactly(header);
        return BinaryPrimitives.ReadInt32LittleEndian(header) == Magic
            ? (
                BinaryPrimitives.ReadInt32LittleEndian(header[sizeof(int)..]),
                BinaryPrimitives.ReadInt32LittleEndian(header[GroupSizeOffset..])
            )
            : (0, 0);
    }

    private static TheoryData<string, string> Rows(
        Func<(string Model, string Name, int Version), bool> condition
    )
    {
        var rows = new TheoryData<string, string>();
        foreach (
            var (model, name, _) in Forms()
                .Where(condition)
                .DefaultIfEmpty((ReferenceCases.None, ReferenceCases.None, 0))
        )
        {
            rows.Add(model, name);
        }

        return rows;
    }

    private static IEnumerable<(string Model, string Name, int Version)> Forms()
    {
        foreach (var model in ReferenceCases.FolderNames("weights", "hf/config.json"))
        {
            yield return (model, "hf", 0);
            foreach (var name in ReferenceCases.FileNames($"weights/{model}", "*.bin"))
            {
                if (!name.StartsWith("tok", StringComparison.Ordinal))
                {
                    yield return (
                        model,
                        name,
                        Header(SharedData.Path("weights", model, name)).Version
                    );
                }
            }
        }
    }
}
