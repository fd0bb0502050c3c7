# An OS scheduler emulator that schedules nothing yet: it reads a workload and prints an empty schedule.

Code.require_file("json.exs", __DIR__)

defmodule Scheduler do
  # The brief has more options; add them as you need them.
  @switches [policy: :string, workload: :string, quantum: :integer, queues: :string]
  @defaults %{workload: nil, quantum: 4, queues: "global"}

  def main(words) do
    with {:ok, options} <- parse(words),
         {:ok, policy} <- policy(options.policy),
         {:ok, text} <- read(options.workload),
         {:ok, workload} <- Json.decode(text) do
      timeline = policy.(workload, options)
      {tasks, summary} = measures(workload, timeline)
      IO.puts(Json.encode(%{policy: options.policy, timeline: timeline, tasks: tasks, summary: summary}))
    else
      {:error, message} -> refuse(message)
    end
  end

  defp parse(words) do
    case OptionParser.parse(words, strict: @switches) do
      {options, [], []} -> {:ok, Enum.into(options, Map.put(@defaults, :policy, nil))}
      {_, [word | _], _} -> {:error, "can't use #{word}"}
      {_, _, [{name, _} | _]} -> {:error, "can't use #{name}"}
    end
  end

  defp policy("fcfs"), do: {:ok, &fcfs/2}
  defp policy(name), do: {:error, "--policy: there is no #{name}"}

  # A list of maps: who uses which processor when, if the first to come is the first to run.
  defp fcfs(_workload, _options) do
    # Begin here: go through workload["tasks"] in the order of their arrival (0 if a task has none), and make of each
    # %{cpu: 0, task: its id, start: the tick at which it begins, end: that tick plus its first burst}.
    []
  end

  # What each task got, and what the schedule is worth: for the second stage.
  defp measures(workload, _timeline) do
    nothing = %{completion: 0, turnaround: 0, waiting: 0, response: 0, switches: 0}
    {Map.new(workload["tasks"], &{&1["id"], nothing}), %{makespan: 0}}
  end

  defp read(nil), do: {:ok, IO.binread(:stdio, :eof)}

  defp read(path) do
    with {:error, reason} <- File.read(path), do: {:error, "--workload: #{:file.format_error(reason)}"}
  end

  defp refuse(message) do
    IO.puts(:stderr, message)
    System.halt(2)
  end
end

Scheduler.main(System.argv())
