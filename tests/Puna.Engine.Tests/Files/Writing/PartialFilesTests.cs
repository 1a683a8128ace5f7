using System.Diagnostics;
using System.Globalization;
using Puna.Engine.Files.Writing;
using Puna.Testing;

namespace Puna.Engine.Tests.Files.Writing;

/// <summary>Unfinished files: those of this process, and those that a process which was killed has left.</summary>
public sealed class PartialFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Whoever_ends_the_process_removes_all_and_none_comes_after()
    {
        File.WriteAllText(_folder["a"], "old");
        var partial = new PartialFiles();
        using var finished = new StagedFiles(partial);
        finished.Write(_folder["done"], stream => stream.WriteByte(1));
        finished.Commit();
        using var staged = new StagedFiles(partial);
        staged.MakeFolder(_folder["made/inside"]);
        staged.Write(_folder["made/inside/d"], stream => stream.WriteByte(1));
        staged.Write(_folder["a"], stream => stream.WriteByte(1));
        Assert.Throws<OperationCanceledException>(() =>
            staged.Write(
                _folder["b"],
                stream =>
                {
                    Assert.Equal(2, Directory.GetFiles(_folder.Path, "*.partial").Length);
                    partial.Abandon();
                    Assert.Empty(Directory.GetFiles(_folder.Path, "*.partial"));

                    // The work goes on until it notices.
                    stream.WriteByte(2);
                    staged.Write(_folder["c"], _ => { });
                }
            )
        );
        Assert.Throws<OperationCanceledException>(staged.Commit);
        Assert.Equal(
            ["a", "done"],
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order()
        );
        Assert.Equal("old", File.ReadAllText(_folder["a"]));
    }

    [Fact]
    public void What_a_dead_process_left_of_the_same_target_is_removed()
    {
        var dead = SpecialFiles.DeadProcess();
        using var sleeper = Process.Start("sleep", "600");
        try
        {
            var alive = sleeper.Id.ToString(CultureInfo.InvariantCulture);
            string[] kept =
            [
                $"model.{alive}.partial",
                $"model.x{dead}.partial",
                $"model.gguf.{dead}.partial",
                $"other.{dead}.partial",
                $"model.{dead}",
            ];
            foreach (var name in (string[])[.. kept, $"model.{dead}.partial"])
            {
                File.WriteAllText(_folder[name], name);
            }

            File.SetAttributes(_folder[$"model.{dead}.partial"], FileAttributes.ReadOnly);
            using (var staged = new StagedFiles())
            {
                staged.Write(_folder["model"], stream => stream.WriteByte(1));
                staged.Commit();
            }

            Assert.Equal(
                [.. kept.Append("model").Order(StringComparer.Ordinal)],
                Directory
                    .GetFiles(_folder.Path)
                    .Select(file => Path.GetFileName(file))
                    .Order(StringComparer.Ordinal)
            );
        }
        finally
        {
            sleeper.Kill();
        }
    }

    [Fact]
    public void A_file_that_somebody_holds_is_not_taken_for_left_over()
    {
        // The number of a process in another container is nobody's here.
        var name = _folder[$"model.{SpecialFiles.DeadProcess()}.partial"];
        using var writing = new FileStream(
            name,
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None
        );
        using var staged = new StagedFiles();
        staged.Write(_folder["model"], stream => stream.WriteByte(1));
        staged.Commit();
        Assert.True(File.Exists(name));
    }

    [Fact]
    public void A_pipe_with_the_name_of_a_left_over_makes_nobody_wait()
    {
        var name = _folder[$"model.{SpecialFiles.DeadProcess()}.partial"];
        SpecialFiles.Make("pipe", name);
        using var staged = new StagedFiles();
        staged.Write(_folder["model"], stream => stream.WriteByte(1));
        staged.Commit();
        Assert.Equal([1], File.ReadAllBytes(_folder["model"]));
    }

    public void Dispose() => _folder.Dispose();
}
