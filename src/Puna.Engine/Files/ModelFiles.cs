using System.Buffers.Binary;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Llama2c;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Storage;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;

namespace Puna.Engine.Files;

/// <summary>Opens models, whatever their form.</summary>
public static class ModelFiles
{
    /// <summary>
    /// Opens a Hugging Face directory, a safetensors file beside its config.json, a GGUF file or a llama2.c
    /// checkpoint; which of them it is follows from the content, not from the name. The weights are not read yet.
    /// </summary>
    /// <exception cref="InputException">The path cannot be read, is no model, is damaged, or describes what cannot be run.</exception>
    public static IModelFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            return HuggingFaceModelFile.Open(path);
        }

        var file = InputFile.Open(path);
        try
        {
            var start = file.Start(64);
            if (
                start.Length >= 4
                && BinaryPrimitives.ReadUInt32LittleEndian(start) == GgufHeader.Magic
            )
            {
                return GgufModelFile.Read(GgufHeader.Read(file));
            }

            if (Llama2cHeader.TryRead(file) is { } header)
            {
                return Llama2cModelFile.Read(file, header);
            }

            if (!SafetensorsHeader.Looks(start, file.Length))
            {
                throw new InputException(Unrecognised(path, start));
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return HuggingFaceModelFile.Open(path);
    }

    /// <summary>
    /// Reads the tokenizer of a model, from the file or beside it, or a file that is a tokenizer: a GGUF file's, tokenizer.json, SentencePiece's .model, llama2.c's tokenizer .bin or vocab.json with merges.txt; of a
    /// folder tokenizer.json, else tokenizer.model, else vocab.json. The settings of a Hugging Face folder
    /// (tokenizer_config.json and its neighbours) are taken with a tokenizer.json or tokenizer.model.
    /// </summary>
    /// <exception cref="InputException">There is no tokenizer, or it is damaged.</exception>
    public static TokenizerData LoadTokenizer(string path)
    {
        if (Directory.Exists(path) || !IsWeights(path))
        {
            return TokenizerFiles.Load(path);
        }

        using var model = Open(path);
        return model.Tokenizer
            ?? throw new InputException(
                $"The model '{path}' has no tokenizer beside it; give the file of its tokenizer."
            );
    }

    /// <summary>True for a llama2.c checkpoint or a safetensors file: weights that have no tokenizer in them.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    private static bool IsWeights(string path)
    {
        using var file = InputFile.Open(path);
        var start = file.Start(64);
        return Llama2cHeader.TryRead(file) is not null
            || SafetensorsHeader.Looks(start, file.Length);
    }

    private static string Unrecognised(string path, ReadOnlySpan<byte> start)
    {
        const string Known =
            "a Hugging Face folder, a .gguf, a llama2.c .bin or a .safetensors beside its config.json can be read";
        // The marks of a zip archive and of a pickle.
        if (
            start.StartsWith((ReadOnlySpan<byte>)[0x50, 0x4B, 3, 4])
            || start.StartsWith((ReadOnlySpan<byte>)[0x80, 2])
        )
        {
            return $"'{path}' looks like a PyTorch checkpoint, which is not read because it may hold code; {Known}.";
        }

        return
            start.StartsWith("ggml"u8) || start.StartsWith("tjgg"u8) || start.StartsWith("lmgg"u8)
            ? $"'{path}' is in a form of llama.cpp older than GGUF; {Known}."
            : $"'{path}' is no model in a known form, or its header is damaged; {Known}.";
    }
}
