using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>Where the programs and files are, and with how many threads they run.</summary>
public sealed class Setup
{
    /// <summary>The checkout.</summary>
    public required string Repository { get; init; }

    /// <summary>The script that runs a tool of llama.cpp, or the folder of its tools.</summary>
    public required string LlamaCpp { get; init; }

    /// <summary>Threads of both.</summary>
    public required int Threads { get; init; }

    /// <summary>Commit of llama.cpp, when it has told it.</summary>
    public string? LlamaCommit { get; set; }

    /// <summary>The built command line.</summary>
    public string Puna =>
        Path.Combine(Repository, "artifacts", "bin", "Puna.Cli", "release", "puna");

    /// <summary>The model that comes with the repository.</summary>
    public string DefaultModel => Path.Combine(Repository, "models", "smollm2-135m-instruct.gguf");

    /// <summary>Folder of the models that are made here.</summary>
    public string ModelFolder => Path.Combine(Repository, "artifacts", "bench-models");

    /// <summary>Runs a tool of llama.cpp and parses what it prints.</summary>
    /// <exception cref="FailureException">It is not there or failed.</exception>
    public JsonElement Llama(string tool, IEnumerable<string> arguments) =>
        Directory.Exists(LlamaCpp)
            ? Tool.Json(Path.Combine(LlamaCpp, tool), arguments)
            : Tool.Json(LlamaCpp, arguments.Prepend(tool));

    /// <summary>Makes sure that llama.cpp is there before anything is timed.</summary>
    /// <exception cref="FailureException">It is not.</exception>
    public void RequireLlama()
    {
        if (!Directory.Exists(LlamaCpp) && !File.Exists(LlamaCpp))
        {
            throw new FailureException(
                $"There is no llama.cpp at '{LlamaCpp}'; name its folder of tools with --llama-cpp or LLAMA_CPP."
            );
        }
    }

    /// <summary>A model file, made when it is not there yet: <c>SHAPE/FORMAT</c> of random weights, or the default model as <c>default/FORMAT</c>.</summary>
    public string Model(string name)
    {
        if (name == "default")
        {
            return DefaultModel;
        }

        var path = Path.Combine(ModelFolder, name.Replace('/', '-') + ".gguf");
        if (File.Exists(path))
        {
            return path;
        }

        Directory.CreateDirectory(ModelFolder);
        Console.Error.WriteLine($"making {path}");
        var (shape, format) = (name.Split('/')[0], name.Split('/')[1]);
        _ = Tool.Output(
            Puna,
            shape == "default"
                ? ["convert", DefaultModel, path, "--format", format]
                : ["new", shape, path, "--format", format]
        );
        return path;
    }
}
