using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Storage;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>Opens a tokenizer from any file or folder that has one, known by content rather than by name.</summary>
internal static class TokenizerFiles
{
    private const int Largest = 1 << 28;

    /// <summary>The tokenizer of a file or folder that is or holds one; it looks beside no weights.</summary>
    /// <exception cref="InputException">There is no tokenizer, or it is damaged.</exception>
    public static TokenizerData Load(string path)
    {
        if (Directory.Exists(path))
        {
            return LoadFolder(path)
                ?? throw new InputException(
                    $"'{path}' has no tokenizer; tokenizer.json, tokenizer.model or vocab.json with merges.txt is needed."
                );
        }

        if (IsGguf(path))
        {
            using var file = GgufFile.Open(path);
            return GgufTokenizerReader.Read(file)
                ?? throw new InputException(
                    $"'{path}' has no tokenizer in its metadata; one with 'tokenizer.ggml.model' is needed."
                );
        }

        var bytes = ReadAll(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var body = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        if (body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
        {
            return LoadJson(bytes, path, folder);
        }

        // A .model begins with field 1 of some length; in a .bin the longest piece is an int32, whose next byte is 0.
        return bytes is [0x0A, not 0, ..]
            ? TokenizerConfigReader.Apply(SentencePieceModelReader.Read(bytes, path), folder)
            : Llama2cTokenizerReader.Read(bytes, path);
    }

    /// <summary>The whole content of a file.</summary>
    /// <exception cref="InputException">It cannot be read, is empty, or has more than 256 MiB.</exception>
    internal static byte[] ReadAll(string path)
    {
        using var file = InputFile.Open(path);
        return file.Length <= Largest
            ? file.Start(Largest)
            : throw new InputException(
                $"'{path}' has {file.Length} bytes; a tokenizer's file of at most {Largest} is accepted."
            );
    }

    /// <summary>The tokenizer of a folder, or null when it has none.</summary>
    /// <exception cref="InputException">There is one, but it is damaged or cannot be honoured.</exception>
    internal static TokenizerData? LoadFolder(string folder)
    {
        foreach (var name in new[] { "tokenizer.json", "tokenizer.model", "vocab.json" })
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return Load(path);
            }
        }

        return null;
    }

    private static bool IsGguf(string path)
    {
        using var file = InputFile.Open(path);
        return file.Start(4).AsSpan().SequenceEqual("GGUF"u8);
    }

    private static TokenizerData LoadJson(byte[] bytes, string path, string folder)
    {
        var isVocabulary = TokenizerJsonFields.Read(
            bytes,
            path,
            root => root.Field("model") is null && root.Field("added_tokens") is null
        );
        var merges = Path.Combine(folder, "merges.txt");
        var data =
            isVocabulary && File.Exists(merges)
                ? VocabularyMergesReader.Read(bytes, ReadAll(merges), path)
                : TokenizerJsonReader.Read(bytes, path);
        return TokenizerConfigReader.Apply(data, folder);
    }
}
