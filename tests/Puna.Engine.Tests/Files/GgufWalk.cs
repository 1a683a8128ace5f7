using System.Text;

namespace Puna.Engine.Tests.Files;

/// <summary>Walks over a GGUF file without the reader under test: what tensors it has and where each begins.</summary>
internal static class GgufWalk
{
    private static readonly int[] s_sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    /// <summary>Name, shape (slowest first) and offset of each tensor, and the bytes of the part that holds them.</summary>
    public static (List<(string Name, long[] Shape, long Offset)> Tensors, long DataBytes) Of(
        string path
    )
    {
        using var file = new BinaryReader(File.OpenRead(path));
        file.ReadUInt64();
        var (tensors, entries) = (file.ReadInt64(), file.ReadInt64());
        for (var entry = 0L; entry < entries; entry++)
        {
            Text(file);
            Skip(file, file.ReadInt32());
        }

        var found = new List<(string, long[], long)>();
        for (var tensor = 0L; tensor < tensors; tensor++)
        {
            var name = Text(file);
            var shape = new long[file.ReadInt32()];
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                shape[i] = file.ReadInt64();
            }

            file.ReadInt32();
            found.Add((name, shape, file.ReadInt64()));
        }

        var start = (file.BaseStream.Position + 31) / 32 * 32;
        return (found, file.BaseStream.Length - start);
    }

    private static string Text(BinaryReader file) =>
        Encoding.UTF8.GetString(file.ReadBytes((int)file.ReadInt64()));

    private static void Skip(BinaryReader file, int type)
    {
        if (type == 8)
        {
            Text(file);
        }
        else if (type == 9)
        {
            var (element, count) = (file.ReadInt32(), file.ReadInt64());
            for (var i = 0L; i < count; i++)
            {
                Skip(file, element);
            }
        }
        else
        {
            file.ReadBytes(s_sizes[type]);
        }
    }
}
