using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Plans;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Writing;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files;

/// <summary>A model that is being written: its tensors, and the files around them.</summary>
internal sealed class ModelOutput(string path, LayerPlan plan)
{
    private const string ConfigName = "config.json";

    /// <summary>Files of a Hugging Face folder that describe the tokenizer and generation, copied as they are.</summary>
    private static readonly string[] s_companions =
    [
        "tokenizer.json",
        "tokenizerconfig.json",
        "tokenizer.model",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "generationconfig.json",
    ];

    /// <summary>Metadata that describes how the old file was written, not the model.</summary>
    private static readonly string[] s_notCopied =
    [
        "general.alignment",
        "general.file_type",
        "general.quantization_version",
    ];

    private readonly ModelConfig _config = plan.Config;
    private readonly List<string> _remarks = [];
    private readonly List<string> _files = [];
    private long _bytes;

    public List<OutputTensor> Tensors { get; } = [];

    public List<KeyValuePair<string, WeightFormat>> StoredOtherwise { get; } = [];

    /// <summary>Every tensor as a summary names it.</summary>
    private IEnumerable<WrittenTensor> Written =>
        Tensors.Select(tensor => new WrittenTensor(tensor.Name, tensor.Format, tensor.Bytes));

    /// <summary>
    /// The form that a path asks for: by its ending; a folder without one, or where there is a folder.
    /// </summary>
    /// <exception cref="InputException">The ending is none of a model.</exception>
    public static ModelOutputForm FormOf(string path)
    {
        var extension = System.IO.Path.GetExtension(path).ToLowerInvariant();
        return extension switch
        {
            ".gguf" => ModelOutputForm.Gguf,
            ".safetensors" => ModelOutputForm.Safetensors,
            ".bin" => throw new InputException(
                $"'{path}' would be a llama2.c file, which can be read but not written; choose a .gguf, a .safetensors or a folder."
            ),
            "" => ModelOutputForm.Folder,
            _ when Directory.Exists(path) => ModelOutputForm.Folder,
            _ => throw new InputException(
                $"'{path}' ends with '{extension}', which is no ending of a model: which was meant, .gguf, .safetensors, or (with '/' at its end) a folder."
            ),
        };
    }

    /// <summary>Sentences for the user.</summary>
    public void Remark(IEnumerable<string> sentences) => _remarks.AddRange(sentences);

    /// <summary>What would be written: the tensors, and their bytes alone.</summary>
    public ConversionSummary Preview() =>
        new(Tensors.Sum(tensor => tensor.Bytes), [], [.. Written], StoredOtherwise, _remarks);

    public void AddRotaryFactors()
    {
        if (GgufModelMetadata.RotaryFactors(_config) is { } factors)
        {
            Tensors.Add(factors);
        }
    }

    /// <summary>Writes GGUF with the metadata of <paramref name="input"/>, copied where it has GGUF's own.</summary>
    public ConversionSummary WriteGguf(
        IModelFile input,
        WeightFormat format,
        WorkerPool? pool,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        using var writer = new GgufWriter();
        if (input is GgufModelFile source)
        {
            foreach (var entry in source.Gguf.Entries)
            {
                if (
                    !s_notCopied.Contains(entry.Key)
                    && !entry.Key.StartsWith("split.", StringComparison.Ordinal)
                )
                {
                    writer.Copy(source.Gguf, entry);
                }
            }

            GgufModelMetadata.AddFileType(writer, format);
        }
        else
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(
                System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(input.Path))
            );
            GgufModelMetadata.Add(writer, _config, name, format);
            GgufModelMetadata.Add(writer, input.Tokenizer);
            if (input.Tokenizer is null)
            {
                _remarks.Add(
                    "The model has no tokenizer, so the file has none either: it takes ids only."
                );
            }
        }

        return WriteGguf(writer, pool, progress, cancellation);
    }

    /// <summary>Writes GGUF with prepared metadata.</summary>
    public ConversionSummary WriteGguf(
        GgufWriter writer,
        WorkerPool? pool,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        if (_config.SlidingWindow > 0 && _config.SlidingWindow < _config.ContextLength)
        {
            _remarks.Add(
                $"The sliding window of {_config.SlidingWindow} is stated in the file, but llama.cpp does not read it for this architecture: beyond {_config.SlidingWindow} tokens its results differ."
            );
        }

        foreach (var tensor in Tensors)
        {
            writer.Add(tensor);
        }

        using var staged = new StagedFiles();
        Stage(staged, path, stream => writer.Write(stream, pool, progress, cancellation));
        return Finish(staged);
    }

    /// <summary>Writes safetensors and config.json, and copies the tokenizer's files where they are.</summary>
    public ConversionSummary WriteHuggingFace(
        IModelFile? input,
        WeightFormat format,
        WorkerPool? pool,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        var source = (input as HuggingFaceModelFile)?.Folder;
        var settings = source is not null
            ? HuggingFaceConfigWriter.Rewrite(
                System.IO.Path.Combine(source, ConfigName),
                plan,
                format
            )
            : HuggingFaceConfigWriter.Write(plan, format);
        var isFolder = FormOf(path) == ModelOutputForm.Folder;
        var folder = isFolder
            ? path
            : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var weights = isFolder ? System.IO.Path.Combine(path, "model.safetensors") : path;
        RequireOwnFolder(folder, weights);
        MakeFolder(folder);

        using var staged = new StagedFiles();
        var strings = new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };
        if (!plan.IsPlain)
        {
            strings[PlanText.MetadataKey] = PlanText.Write(plan);
        }

        Stage(
            staged,
            weights,
            stream =>
                SafetensorsWriter.Write(stream, Tensors, strings, pool, progress, cancellation)
        );
        Stage(staged, System.IO.Path.Combine(folder, ConfigName), stream => stream.Write(settings));
        if (!CopyCompanions(staged, source, folder) && input?.Tokenizer is not null)
        {
            _remarks.Add(
                $"The tokenizer was not written to '{folder}'; name the original model with --tokenizer to use it."
            );
        }

        return Finish(staged);
    }

    public ConversionSummary Finish(StagedFiles staged)
    {
        staged.Commit();
        return new ConversionSummary(_bytes, _files, [.. Written], StoredOtherwise, _remarks);
    }

    /// <summary>A config.json that belongs to other weights must not be replaced by accident.</summary>
    private static void RequireOwnFolder(string folder, string weights)
    {
        var existing = System.IO.Path.Combine(folder, ConfigName);
        if (System.IO.File.Exists(existing) && !System.IO.File.Exists(weights))
        {
            throw new InputException(
                $"'{existing}' belongs to another model; choose a folder of its own for '{weights}'."
            );
        }
    }

    private static void MakeFolder(string folder)
    {
        if (System.IO.File.Exists(folder))
        {
            throw new InputException($"'{folder}' is a file where a folder is to be written.");
        }

        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"The folder '{folder}' cannot be made: {fault.Message}",
                fault
            );
        }
    }

    private bool CopyCompanions(StagedFiles staged, string? source, string folder)
    {
        if (
            source is null
            || System.IO.Path.GetFullPath(source) == System.IO.Path.GetFullPath(folder)
        )
        {
            return source is not null;
        }

        var copied = false;
        foreach (var name in s_companions)
        {
            var original = System.IO.Path.Combine(source, name);
            if (System.IO.File.Exists(original))
            {
                Stage(
                    staged,
                    System.IO.Path.Combine(folder, name),
                    stream =>
                    {
                        using var content = System.IO.File.OpenRead(original);
                        content.CopyTo(stream);
                    }
                );
                copied |= name.StartsWith("tokenizer", StringComparison.Ordinal);
            }
        }

        return copied;
    }

    private void Stage(StagedFiles staged, string target, Action<Stream> write)
    {
        staged.Write(
            target,
            stream =>
            {
                write(stream);
                _bytes += stream.Position;
            }
        );
        _files.Add(target);
    }
}
