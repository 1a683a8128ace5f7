using System.Text;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Plans;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Files.Writing;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files;

/// <summary>A model that is being written: its tensors, and the files around them.</summary>
internal sealed class ModelOutput(string path, LayerPlan plan)
{
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

    /// <summary>The tokenizer that the model gets instead of its own, or null.</summary>
    public TokenizerData? Tokenizer { get; init; }

    /// <summary>Files that are read for it, none of which may be replaced.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Replaces what is of another kind.</summary>
    public bool Force { get; init; }

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
                    && (Tokenizer is null || !IsTokenizer(entry.Key))
                )
                {
                    writer.Copy(source.Gguf, entry);
                }
            }

            GgufModelMetadata.AddFileType(writer, format);
            if (Tokenizer is not null)
            {
                _remarks.AddRange(GgufTokenizerMetadata.Add(writer, Tokenizer, _config));
            }
        }
        else
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(
                System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(input.Path))
            );
            GgufModelMetadata.Add(writer, _config, name, format);
            _remarks.AddRange(
                GgufTokenizerMetadata.Add(writer, Tokenizer ?? input.Tokenizer, _config)
            );
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

        var replacement = new ModelReplacement(GgufModelMetadata.Architecture(plan), Force);
        replacement.RequireGguf(Place(path));
        using var staged = new StagedFiles();
        Stage(staged, path, stream => writer.Write(stream, pool, progress, cancellation));
        return Finish(staged);
    }

    /// <summary>Writes safetensors and config.json, and the tokenizer's files: copied where they are, else written.</summary>
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
                System.IO.Path.Combine(source, ModelFolder.ConfigName),
                plan,
                format
            )
            : HuggingFaceConfigWriter.Write(plan, format);
        var isFolder = FormOf(path) == ModelOutputForm.Folder;
        var folder = isFolder
            ? path
            : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var weights = isFolder ? System.IO.Path.Combine(path, ModelFolder.WeightsName) : path;
        var replacement = new ModelReplacement(_config.Family, Force);
        if (isFolder)
        {
            replacement.RequireFolder(path);
        }
        else
        {
            replacement.RequireSafetensors(Place(path));
        }

        using var staged = new StagedFiles();
        staged.MakeFolder(folder);
        var strings = new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" };
        if (!plan.IsPlain)
        {
            strings[PlanText.MetadataKey] = PlanText.Write(plan);
        }

        // The weights take the longest: whatever else may be refused comes before them.
        Stage(
            staged,
            System.IO.Path.Combine(folder, ModelFolder.ConfigName),
            stream => stream.Write(settings)
        );
        if (Tokenizer is not null || !CopyCompanions(staged, source, folder))
        {
            WriteTokenizer(staged, Tokenizer ?? input?.Tokenizer, source, folder);
        }

        RemoveRest(replacement, staged, folder, weights);
        Stage(
            staged,
            weights,
            stream =>
                SafetensorsWriter.Write(stream, Tensors, strings, pool, progress, cancellation)
        );
        return Finish(staged);
    }

    public ConversionSummary Finish(StagedFiles staged)
    {
        staged.Commit();
        return new ConversionSummary(_bytes, _files, [.. Written], StoredOtherwise, _remarks);
    }

    private void RemoveRest(
        ModelReplacement replacement,
        StagedFiles staged,
        string folder,
        string weights
    )
    {
        var old = weights == path ? ModelFolder.Settings(folder) : ModelFolder.Files(folder);
        var removed = replacement.RemoveRest(staged, [.. old.Except([weights])], folder);
        foreach (var name in removed)
        {
            Place(System.IO.Path.Combine(folder, name));
        }

        if (removed.Count > 0)
        {
            _remarks.Add(
                $"Removed with the old model in '{folder}': {string.Join(", ", removed)}."
            );
        }
    }

    private static bool IsTokenizer(string key) =>
        key.StartsWith("tokenizer.", StringComparison.Ordinal);

    /// <summary>Weights are worth having without a tokenizer, so one that this form cannot state is a remark.</summary>
    private void WriteTokenizer(
        StagedFiles staged,
        TokenizerData? tokenizer,
        string? source,
        string folder
    )
    {
        if (tokenizer is null)
        {
            return;
        }

        try
        {
            var generation = source is null
                ? null
                : System.IO.Path.Combine(source, ModelFolder.GenerationName);
            foreach (
                var (name, content) in HuggingFaceTokenizer.Files(tokenizer, _config, generation)
            )
            {
                Stage(
                    staged,
                    System.IO.Path.Combine(folder, name),
                    stream => stream.Write(content)
                );
            }
        }
        catch (InputException fault)
        {
            _remarks.Add(
                $"The tokenizer was not written to '{folder}', name the original model with --tokenizer to use it: {fault.Message}"
            );
            return;
        }

        // Where this file lies it wins over tokenizer_config.json.
        var template = System.IO.Path.Combine(folder, ModelFolder.TemplateName);
        if (System.IO.File.Exists(template) && tokenizer.ChatTemplate is { } text)
        {
            Stage(staged, template, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
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
        foreach (var name in ModelFolder.Companions)
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

    /// <summary>A place where a file may stand or be removed: none that is read.</summary>
    private OutputFile Place(string target)
    {
        var file = OutputFile.At(target);
        file.RequireNoneOf(Inputs);
        return file;
    }

    private void Stage(StagedFiles staged, string target, Action<Stream> write)
    {
        staged.Write(
            Place(target),
            stream =>
            {
                write(stream);
                _bytes += stream.Position;
            }
        );
        _files.Add(target);
    }
}
