using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;

namespace Puna.Engine.Text;

/// <summary>Opens a tokenizer from any file or folder that has one, known by content rather than by name.</summary>
public static class TokenizerFiles
{
    private const long Largest = 1L << 28;

    /// <summary>
    /// Reads the tokenizer of a model, from the file or beside it, or a file that is a tokenizer: a GGUF file's, tokenizer.json, SentencePiece's .model, llama2.c's tokenizer .bin or vocab.json with merges.txt; of a
    /// folder tokenizer.json, else tokenizer.model, else vocab.json. The settings of a Hugging Face folder
    /// (tokenizer_config.json and its neighbours) are taken with a tokenizer.json or tokenizer.model.
    /// </summary>
    /// <exception cref="InputException">There is no tokenizer, or it is damaged.</exception>
    public static TokenizerData Load(string path)
    {
        if (Directory.Exists(path) || !ModelFiles.IsWeights(path))
        {
            return LoadOwn(path);
        }

        using var model = ModelFiles.Open(path);
        return model.Tokenizer
            ?? throw new InputException(
                $"The model '{path}' has no tokenizer beside it; give the file of its tokenizer."
            );
    }

    /// <summary>As <see cref="Load"/>, but looks beside no weights.</summary>
    /// <exception cref="InputException">There is no tokenizer, or it is damaged.</exception>
    internal static TokenizerData LoadOwn(string path)
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
        using var file = ModelFiles.Map(path);
        return file.Length <= Largest
            ? file.Bytes.Span.ToArray()
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
                return LoadOwn(path);
            }
        }

        return null;
    }

    private static bool IsGguf(string path)
    {
        using var file = ModelFiles.Map(path);
        return file.Bytes.Slice(0, Math.Min(4, file.Length)).Span.SequenceEqual("GGUF"u8);
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
