using System.Text;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>The older form of a byte-level BPE with GPT-2's pattern: vocab.json (piece to id) and merges.txt beside it.</summary>
internal static class VocabularyMergesReader
{
    private const string EndOfText = "<|endoftext|>";

    /// <summary>Reads both files.</summary>
    /// <param name="vocabulary">The bytes of vocab.json.</param>
    /// <param name="merges">The bytes of merges.txt: "left right" on each line, and a comment that begins with #version.</param>
    /// <param name="path">Name of vocab.json, for messages.</param>
    /// <exception cref="InputException">A file is damaged.</exception>
    public static TokenizerData Read(
        ReadOnlyMemory<byte> vocabulary,
        ReadOnlySpan<byte> merges,
        string path
    )
    {
        var pieces = TokenizerJsonFields.Read(
            vocabulary,
            path,
            root =>
            {
                var count = root.EnumerateObject().Count();
                var byId = new string?[count];
                foreach (var entry in root.EnumerateObject())
                {
                    var id = entry.Value.Id(path, $"the piece '{entry.Name}'");
                    if (id >= count || byId[id] is not null)
                    {
                        throw new InputException(
                            $"'{path}' gives '{entry.Name}' the id {id}; the ids of {count} pieces must be 0 to {count - 1}, each once."
                        );
                    }

                    byId[id] = entry.Name;
                }

                return byId;
            }
        );
        var types = new TokenType[pieces.Length];
        Array.Fill(types, TokenType.Normal);
        var end = Array.IndexOf(pieces, EndOfText);
        if (end >= 0)
        {
            types[end] = TokenType.Control;
        }

        return new TokenizerData
        {
            Kind = TokenizerKind.ByteLevelBpe,
            Pieces = pieces!,
            Types = types,
            Merges =
            [
                .. Encoding
                    .UTF8.GetString(merges)
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => line.TrimEnd('\r'))
                    .Where(line =>
                        line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)
                    ),
            ],
            PreTokenizer = "gpt-2",
            BosId = end >= 0 ? end : null,
            EosId = end >= 0 ? end : null,
        };
    }
}
